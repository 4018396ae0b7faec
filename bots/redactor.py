"""Keeps from the audience of one Space what its rules redact, before it airs.

Each phrase has its own redaction, which is made, narrowed or withdrawn until the server has what is wanted. Redactions wait for nothing
but the server: not for acts, not for captions, not for each other.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bots.api import RedactionApi
from bots.hearing.messages import Arm, Armed, Disarmed
from bots.retry import is_passing, name_of, persist
from spacesctl.api.lanes import OpenLane
from spacesctl.api.redactions import NewRedaction, RedactionChange
from spacesctl.domain.errors import SpacesError, TooMany
from spacesctl.rules.room_facts import RoomFacts, Subject
from spacesctl.rules.ruleset import RuleSet

MAX_OPEN = 256
"""Phrases that are armed and whose final result has not come, or whose redaction the server does not have yet."""
TRY_SECONDS = 3.0
"""After so long without an answer the call is made again."""
WAIT_SECONDS = 3.5
"""A number that may become an allowed one is redacted if it has not gone on for so long: the longest pause within one, and what its
recognition takes."""
GIVE_UP_SECONDS = 10.0
"""The longest delay of an audience. What could not be redacted within it has aired."""

Stretch = tuple[int, int]
Key = tuple[int, int, int]
"""Lane, utterance, number of the phrase."""

log = logging.getLogger("bots.redactor")


@dataclass
class _Redaction:
    """What is wanted for one phrase, and what the server has. A stretch is the first and last tick; None: nothing is redacted."""

    key: Key
    rule_id: str
    label: str = ""
    """What a number may be; words have none."""
    had_label: str = ""
    """The label that the server has."""
    wanted: Stretch | None = None
    has: Stretch | None = None
    id: str | None = None
    asked: NewRedaction | None = None
    """What the server was asked to make and has not answered: it may have made it."""
    idempotency_key: str = field(default_factory=partial(secrets.token_hex, 16))
    ended: bool = False
    """The final result has come: nothing else will be wanted."""
    busy: bool = False


class Redactor:
    """`on_arm` takes what recognisers found, and never waits; `run` tells the server.

    `quoted` says whether a moderator has said the like shortly before a tick, as far as that is known by now: then others may answer.
    `lost` counts redactions that could not be made.
    """

    def __init__(
        self,
        api: RedactionApi,
        space: str,
        engine: str,
        model: str,
        facts: RoomFacts | None = None,
        quoted: Callable[[str, int], bool] = lambda *_: False,
    ) -> None:
        self._facts = facts
        self._quoted = quoted
        self._api = api
        self._space = space
        self._by = f"engine={engine!r} model={model!r}"
        self._rules: RuleSet | None = None
        self._open: dict[Key, _Redaction] = {}
        self._due: asyncio.Queue[_Redaction] = asyncio.Queue()
        self._waits: dict[Key, asyncio.TimerHandle] = {}
        """Of numbers that are redacted unless they go on. As many as are open at most."""
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.lost = 0

    def set_rules(self, rules: RuleSet | None) -> None:
        """Redact by these rules from now on, or by none. What is redacted stays."""
        self._rules = rules

    def on_arm(self, arm: Arm, who: OpenLane) -> None:
        """Redact what this speaker is saying, or no longer, if the rule applies to them."""
        key = (arm.lane, arm.utterance, arm.number)
        match arm:
            case Armed(first_tick=first, last_tick=last):
                if key not in self._open and self._applies(arm.rule_id, who, (first, last)):
                    self._add(_Redaction(key, arm.rule_id))
                if key in self._open:
                    self._open[key].label = arm.label
                # A number is redacted, also one that a moderator has said: it belongs to somebody, and is no quotation.
                is_answer = not arm.label and self._quoted(arm.rule_id, first)
                later = partial(self._want, key, None if is_answer else (first, last), ended=arm.final)
                if arm.waits:
                    self._waits[key] = asyncio.get_running_loop().call_later(WAIT_SECONDS, later)
                else:
                    later()
            case Disarmed():
                self._want(key, None, ended=True)

    async def run(self) -> None:
        """Tell the server until cancelled, several redactions at once, in the order in which they were armed."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._carry(await self._due.get()))

    def _applies(self, rule_id: str, who: OpenLane, said: Stretch) -> bool:
        rule = self._rules.rule(rule_id) if self._rules is not None else None
        if rule is None or not rule.redacts or not rule.watches(who.role, who.kind):
            return False
        one = Subject(who.account_id, who.lane, who.role, who.kind)
        return self._facts is None or self._facts.holds(rule, one, said[1], said)

    def _add(self, redaction: _Redaction) -> None:
        """Beyond the bound, that which has waited longest for its final result keeps what the server has."""
        if len(self._open) >= MAX_OPEN:
            oldest = next((each for each, one in self._open.items() if not one.busy), None)
            if oldest is None:
                self.lost += 1
                log.error("%s: lost: too many are waiting", self._line(redaction))
                return
            del self._open[oldest]
        self._open[redaction.key] = redaction

    def _want(self, key: Key, stretch: Stretch | None, ended: bool) -> None:
        redaction = self._open.get(key)
        if (timer := self._waits.pop(key, None)) is not None:
            timer.cancel()
        if redaction is None:
            return
        redaction.wanted, redaction.ended = stretch, ended
        if not redaction.busy:
            redaction.busy = True
            self._busy += 1
            self._idle.clear()
            self._due.put_nowait(redaction)

    async def _carry(self, redaction: _Redaction) -> None:
        """Call until the server has what is wanted, or it cannot matter any more."""
        try:
            while redaction.wanted != redaction.has or redaction.asked is not None:
                await persist(partial(self._send, redaction), partial(self._told, redaction), GIVE_UP_SECONDS)
        except (SpacesError, OSError) as error:
            self._failed(redaction, error)
        redaction.busy = False
        self._busy -= 1
        if not self._busy:
            self._idle.set()
        if redaction.ended:
            self._open.pop(redaction.key, None)

    async def settled(self) -> None:
        """Wait until the server has what is wanted now, but not for ever. Evidence is cut after that: it leaves spoken numbers out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TRY_SECONDS):
                await self._idle.wait()

    async def _send(self, redaction: _Redaction) -> None:
        """One call. While it is tried again, what is wanted may change; but where an answer was lost, the same is asked with the same key
        until there is one, and then what was made is changed or withdrawn: no redaction is made twice or forgotten."""
        wanted, label = redaction.wanted, redaction.label
        async with asyncio.timeout(TRY_SECONDS):
            if redaction.id is None:
                done = await self._make(redaction, wanted)
            elif wanted is None:
                await self._api.withdraw_redaction(self._space, redaction.id)
                redaction.id, redaction.has, done = None, None, "withdrawn"
                redaction.idempotency_key = secrets.token_hex(16)
            else:
                reason = label if label != redaction.had_label else None
                change = RedactionChange(from_tick=wanted[0], to_tick=wanted[1], reason=reason)
                await self._api.change_redaction(self._space, redaction.id, change)
                redaction.has, redaction.had_label, done = wanted, label, "changed"
        log.info("%s: %s", self._line(redaction), done)

    async def _make(self, redaction: _Redaction, wanted: Stretch | None) -> str:
        """Make it, unless it is not wanted and the server was never asked. Returns what was done."""
        if redaction.asked is None and wanted is None:
            redaction.has = None
            return "withdrawn"
        if redaction.asked is None and wanted is not None:
            redaction.asked = _asked(redaction, wanted)
        assert redaction.asked is not None  # for the type checker
        asked = redaction.asked
        try:
            made = await self._api.redact(self._space, asked, redaction.idempotency_key)
        except SpacesError as error:
            if not is_passing(error) or isinstance(error, TooMany):
                redaction.asked = None  # it was refused: nothing was made
            raise
        redaction.asked, redaction.id = None, made.id
        redaction.has, redaction.had_label = _stretch_of(asked), asked.reason
        return f"made, {made.state}"

    def _failed(self, redaction: _Redaction, error: BaseException) -> None:
        """A change that is refused comes too late, as the stretch has aired: nothing is lost by it."""
        if redaction.has is None and redaction.wanted is not None:
            self.lost += 1
            log.error("%s: failed: %s", self._line(redaction), name_of(error))
        else:
            level = logging.WARNING if is_passing(error) else logging.INFO
            log.log(level, "%s: stays as it is: %s", self._line(redaction), name_of(error))

    def _told(self, redaction: _Redaction, error: BaseException) -> None:
        log.warning("%s: waits: %s", self._line(redaction), name_of(error))

    def _line(self, redaction: _Redaction) -> str:
        """The part that all log lines about a redaction share. It has no spoken words and no names."""
        rules_hash = self._rules.hash if self._rules is not None else None
        return f"redaction space={self._space} lane={redaction.key[0]} rule={redaction.rule_id} hash={rules_hash} {self._by}"


def _stretch_of(asked: NewRedaction) -> Stretch:
    return asked.from_tick or 0, asked.to_tick or 0


def _asked(redaction: _Redaction, wanted: Stretch) -> NewRedaction:
    """A spoken number has a tone in its place, and is kept from evidence."""
    label = redaction.label
    return NewRedaction(
        lane=redaction.key[0],
        from_tick=wanted[0],
        to_tick=wanted[1],
        mode="tone" if label else "silence",
        reason=label,
        number=bool(label),
        rule_id=redaction.rule_id,
    )
