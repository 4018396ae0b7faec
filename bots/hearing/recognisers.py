"""The recognisers of all lanes: which processes run, for whom, with which rules, and what they cost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from bots.hearing.feed import Feed
from bots.hearing.lateness import Lateness
from bots.hearing.link import Link, Owner, connect
from bots.hearing.messages import Lean, Open
from bots.hearing.model_keeper import ModelKeeper

MOST_RECOGNISERS: Final = 64
"""Recognisers at once. When there are so many, a lane that begins to speak takes the place of the one that was silent for longest."""

Key = tuple[str, int]
"""Space and lane."""

log = logging.getLogger("bots.hearing")


@dataclass
class Lane:
    """A lane and its recogniser, if it has one. `closing`: no more sound comes; `asked`: its recogniser knows that."""

    key: Key
    feed: Feed
    lateness: Lateness = field(default_factory=Lateness)
    link: Link | None = None
    used_at: float = 0.0
    closing: bool = False
    asked: bool = False
    failed_at: tuple[int, int] = (-1, 0)
    """The message at which recognisers have ended without being asked, and how many."""

    def count_failure(self) -> int:
        """Note that one has ended so; how many did at this place of the sound."""
        message, times = self.failed_at
        self.failed_at = (self.feed.heard, times + 1 if self.feed.heard == message else 1)
        return self.failed_at[1]


class Recognisers:
    """`begin` gives a lane one, `detach` takes it away. `keep` holds the tasks that connect them."""

    def __init__(
        self, keeper: ModelKeeper, owner: Owner, keep: Callable[[asyncio.Task[object]], None], most: int
    ) -> None:
        self._keeper = keeper
        self._owner = owner
        self._keep = keep
        self._most = most
        self._links: dict[int, tuple[Link, Lane]] = {}
        self._numbers = 0
        self._rules: dict[str, bytes] = {}
        self._lean = False
        self._spent = (0.0, 0.0)

    def __len__(self) -> int:
        return len(self._links)

    def __iter__(self) -> Iterator[tuple[Link, Lane]]:
        return iter(list(self._links.values()))

    def of(self, number: int) -> tuple[Link, Lane] | None:
        """The recogniser of this number and its lane, unless it was detached."""
        return self._links.get(number)

    def begin(self, lane: Lane, now: float) -> Link | None:
        """A new one for a lane, if there may be one. It is to hear what is under way again."""
        if not self._keeper.ready or not self._has_room():
            return None
        self._numbers += 1
        try:
            link, theirs = connect(self._numbers, self._owner, self._keep)
        except OSError:
            return None
        with theirs:
            if not self._keeper.fork(link.number, theirs):
                link.end()
                return None
        if (rules := self._rules.get(lane.key[0])) is not None:
            link.send(rules)
        if self._lean:
            link.say(Lean(True))
        link.say(Open(*lane.key, lane.feed.begin_again(), lane.feed.phase))
        self.hand_over(link, lane, now)
        return link

    def hand_over(self, link: Link, lane: Lane, now: float) -> None:
        """It is this lane's from now on."""
        lane.link, lane.used_at = link, now
        self._links[link.number] = (link, lane)

    def detach(self, lane: Lane) -> None:
        """Let go of a lane's recogniser, if it has one."""
        link, lane.link, lane.asked = lane.link, None, False
        if link is not None:
            del self._links[link.number]
            self._spent = (self._spent[0] + link.figures.cpu, self._spent[1] + link.figures.engine)
            link.end()

    async def end_hung(self, now: float) -> None:
        """End those that have something to do and do not do it."""
        for link, lane in self:
            waiting = (lane.feed.unanswered or lane.asked) and not link.lost
            if waiting and link.is_suspect(now) and await link.judge(now):
                log.warning("a recogniser is ended: it hangs")
                link.broken = True
                link.end()
                self._keeper.kill(link.number)

    def redacts(self, space: str) -> bool:
        """Whether rules of a Space redact."""
        return space in self._rules

    def rule(self, space: str, packed: bytes, *, redacts: bool) -> None:
        """Tell this to all recognisers of a Space and, as long as rules redact there, to later ones."""
        for link, lane in self:
            if lane.key[0] == space:
                link.send(packed)
        self._rules.pop(space, None)
        if redacts:
            self._rules[space] = packed

    def lean(self, on: bool) -> None:
        """Whether all keep partial results back."""
        if on is not self._lean:
            self._lean = on
            for link, _ in self:
                link.say(Lean(on))

    def private(self) -> dict[Key, int]:
        """Bytes of memory that each lane's has for itself, when it last told."""
        return {lane.key: link.figures.private for link, lane in self}

    def spent(self) -> tuple[float, float]:
        """Seconds of CPU time that all have told of so far, and those of them in the speech engine."""
        figures = [link.figures for link, _ in self]
        return self._spent[0] + sum(one.cpu for one in figures), self._spent[1] + sum(one.engine for one in figures)

    def pids(self) -> list[int]:
        """The process ids."""
        return [link.pid for link, _ in self if link.pid is not None]

    def _has_room(self) -> bool:
        """Whether one more may run; if not, but a lane is silent, that one gives its up."""
        if len(self._links) < self._most:
            return True
        silent = [lane for _, lane in self if lane.feed.silent]
        if not silent:
            return False
        self.detach(min(silent, key=lambda lane: lane.used_at))
        return True
