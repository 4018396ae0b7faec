"""Whose microphone sessions a Space has had, when each was open, and when it had sound: a lane is one session, and is known also after it
closed, since captions come later."""

from __future__ import annotations

from collections import deque
from typing import Final

from spacesctl.domain.redaction import TEXT_LANE, Stretch
from spacesctl.domain.space import Space
from spacesctl.domain.texts import AHEAD

MARGIN: Final = 10
"""Ticks for which the engine may hear a microphone on after it was closed here, or that sound needs to come here."""
MOST_TEXTS: Final = 1_024
"""Texts of which it is known who wrote them: those of 20 s, if as many come as may."""
MOST_RUNS: Final = 128
"""Runs of ticks that are known of a lane, of open microphone and of sound. Beyond that the two oldest become one, with the gap in between:
then too much is taken for sound rather than too little. The detector ends a run after half a second of quiet, so this is a minute."""


class _Runs:
    """Runs of ticks, first and last, in order; the last one may go on."""

    def __init__(self) -> None:
        self._runs: deque[tuple[int, int]] = deque()
        self._since: int | None = None

    @property
    def goes_on(self) -> bool:
        return self._since is not None

    def begin(self, tick: int) -> None:
        self._since = tick if self._since is None else self._since

    def end(self, tick: int) -> None:
        if self._since is not None:
            self.add(self._since, tick)
            self._since = None

    def add(self, first: int, last: int) -> None:
        if self._runs and self._runs[-1][1] >= first - 1:
            first = self._runs.pop()[0]
        self._runs.append((first, last))
        if len(self._runs) > MOST_RUNS:
            oldest, _ = self._runs.popleft()
            self._runs[0] = (oldest, self._runs[0][1])

    def within(self, first: int, last: int) -> int:
        """How many of these ticks are in a run."""
        runs = [*self._runs, (self._since, last)] if self._since is not None else self._runs
        return sum(max(0, min(last, end) - max(first, begin) + 1) for begin, end in runs)


class Microphones:
    """The microphone sessions of one Space since the server knows it, by lane."""

    def __init__(self) -> None:
        self._owner: dict[int, str] = {}
        self._open: dict[int, _Runs] = {}
        self._sound: dict[int, _Runs] = {}
        self._gone: set[int] = set()
        self._texts: deque[tuple[str, int]] = deque(maxlen=MOST_TEXTS)
        """Who wrote something, and its tick."""

    def knows(self, space: Space, tick: int) -> None:
        """The Space is loaded at a tick: each session there is may have been open until now."""
        for person in space.people.values():
            if person.lane is not None:
                self._open.setdefault(person.lane, _Runs()).begin(0)
        self.follow(space, tick)

    def follow(self, space: Space, tick: int) -> None:
        """Take over which sessions there are at a tick of the Space clock, and which of them the audience may hear."""
        here = {person.lane: person for person in space.people.values() if person.lane is not None}
        for lane, person in here.items():
            self._owner[lane] = person.account_id
            runs = self._open.setdefault(lane, _Runs())
            if person.heard:
                runs.begin(tick)
            else:
                runs.end(tick + MARGIN)
        for lane in self._owner.keys() - here.keys() - self._gone:
            self._gone.add(lane)
            self._open[lane].end(tick + MARGIN)

    def sounds(self, lane: int, tick: int) -> None:
        """Somebody talks in a tick of a lane."""
        self._sound.setdefault(lane, _Runs()).add(tick, tick)

    def wrote(self, account_id: str, tick: int) -> None:
        """Somebody wrote a text, which has this tick."""
        self._texts.append((account_id, tick))

    def speaker_of(self, lane: int) -> str | None:
        """The account of a session, also after it closed."""
        return self._owner.get(lane)

    def lanes_of(self, account_id: str) -> list[int]:
        """The sessions that an account has had, the oldest first."""
        return [lane for lane, owner in self._owner.items() if owner == account_id]

    def of(self, account_id: str, first: int, last: int, now: int) -> list[int]:
        """The sessions of an account whose microphone was open within ticks `first` to `last`, or still may be; the oldest first. At the
        end `TEXT_LANE`, if it wrote something in that time."""
        spoken = [lane for lane in self.lanes_of(account_id) if self.may_sound(lane, first, last, now)]
        wrote = any(who == account_id and first <= tick <= last + AHEAD for who, tick in self._texts)
        return [*spoken, TEXT_LANE] if wrote else spoken

    def may_sound(self, lane: int, first: int, last: int, now: int) -> bool:
        """Whether a lane's microphone was open within ticks `first` to `last`, or can be, as they are not over `now`."""
        known = self._open.get(lane)
        return known is not None and (known.within(first, last) > 0 or (last > now and lane not in self._gone))

    def sound(self, lane: int, first: int, last: int) -> int:
        """In how many of these ticks somebody talked, as far as the engine has told."""
        known = self._sound.get(lane)
        return known.within(first, last) if known is not None else 0

    def said(self, account_id: str, first: int, last: int) -> tuple[Stretch, ...]:
        """Ticks `first` to `last`, which is now, of an account, by lane; nothing when `last` is before `first`."""
        lanes = self.of(account_id, first, last, last) if first <= last else ()
        return tuple(Stretch(lane, max(0, first), last + AHEAD * (lane == TEXT_LANE)) for lane in lanes)
