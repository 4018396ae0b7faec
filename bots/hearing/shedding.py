"""Decides what is given up when recognisers are too slow for all who talk: partial results first, then whole lanes, the least active first.

It acts before a lane is 2 s late, so that those that are kept never are; sooner when no processor is idle. A lane comes back when all
others have been on time for a while and, as far as that is known, enough of a processor is idle for it; each time that was one too many,
the while before as many are tried again is twice as long.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from bots.hearing.processors import Use

LEAN_AT: Final = 0.5
"""Seconds late at which partial results are given up."""
SHED_AT: Final = 0.8
"""Seconds late at which a lane is given up, unless lanes are catching up."""
SHED_EARLY_AT, URGENT_EARLY_AT = 0.6, 0.8
"""The same, and `URGENT_AT`, when no processor is idle: then it is not one long call of a recogniser."""
BUSY: Final = 0.05
"""Processors that may be idle then: less than this."""
SPARE: Final = 1.3
"""What must be idle for a lane to come back, in terms of what one of those takes that are kept."""
URGENT_AT: Final = 1.0
"""Seconds late at which lanes are given up one after the other, without waiting for what the last one has changed."""
OVERDUE_AT: Final = 1.4
"""Seconds late at which a lane whose own lateness still grows is given up, even while the others catch up."""
SETTLES: Final = 1.5
"""Seconds after which one sees that. Moments in which many work more than they do on average are over by then."""
ON_TIME: Final = 0.8
"""Seconds late up to which a lane counts as on time: one long call of a recogniser."""
LOOK_SECONDS: Final = 0.25
"""Between two looks."""
CATCHING_UP: Final = 0.97
"""The share to which what waits in all kept lanes must have fallen since the look before. Otherwise it takes too long, or never ends."""
ROOM_AFTER: Final = 5.0
"""Seconds on time after which a lane comes back, at first."""
MOST_PATIENCE: Final = 120.0
"""The same at the most."""
ALIKE: Final = 1.25
"""Lanes are about equally active up to this ratio."""
A_WORD: Final = 25.0
"""Ticks of speech that make no difference between two lanes."""
PROVEN: Final = 30.0
"""Seconds after which a return was right."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Load(Generic[Key]):
    """A lane: how late it is, in seconds, how much was said there lately, and whether its recogniser has something to do. `again`: it is
    late because its recogniser was replaced in the middle of an utterance, and not because of the others."""

    key: Key
    lag: float
    activity: float
    busy: bool = True
    again: bool = False


class Shedder(Generic[Key]):
    """`look` is called every `LOOK_SECONDS` with all lanes. `lean` and `shed` say what is given up."""

    def __init__(self) -> None:
        self.lean = False
        self.shed: set[Key] = set()
        self._before: dict[Key, float] = {}
        self._forgotten = False
        self._late_at: float | None = None
        self._returned_at: float | None = None
        self._patience = ROOM_AFTER
        self._too_many = 0
        """How many lanes were kept when one had come back wrongly."""
        self._shed_at = float("-inf")

    def look(self, now: float, lanes: Iterable[Load[Key]], use: Use | None = None) -> None:
        """Take the present state, and decide. `use` of the processors: None, if it is not known."""
        found = list(lanes)
        self.shed &= {lane.key for lane in found}
        kept = [lane for lane in found if lane.key not in self.shed]
        lags = [lane.lag for lane in kept if not lane.again]
        late = max(lags, default=0.0)
        self._judge_return(now, late, len(kept))
        if late > ON_TIME or self._late_at is None:
            self._late_at = now
        if late > LEAN_AT:
            self.lean = True
        early = use is not None and use.idle < BUSY
        if late > (SHED_EARLY_AT if early else SHED_AT):
            busy = [lane for lane in kept if lane.busy]
            overdue = [lane for lane in busy if self._overdue(lane)]
            if len(busy) > 1 and (overdue or (not self._catching_up(kept) and self._may_shed(now, late, early=early))):
                self._give_up(now, overdue or busy)
        elif late <= LEAN_AT and now - self._late_at >= self._wait(len(kept)) and self._fits(use, kept):
            self._take_back(now, found)
        self._before, self._forgotten = {lane.key: lane.lag for lane in kept}, False

    @property
    def is_pressed(self) -> bool:
        """Whether something is given up, or may soon be."""
        return self.lean or bool(self.shed) or max(self._before.values(), default=0.0) > LEAN_AT / 2

    def forget(self) -> None:
        """Nothing was recognised for a while, for another reason than too many talkers: what comes late now says nothing."""
        self._forgotten = True

    def _catching_up(self, kept: list[Load[Key]]) -> bool:
        """Whether the lanes that are kept, taken together, are less late than at the look before."""
        lags = {lane.key: lane.lag for lane in kept if not lane.again}
        before = sum(self._before.get(key, 0.0) for key in lags)
        return self._forgotten or sum(lags.values()) <= before * CATCHING_UP

    def _overdue(self, lane: Load[Key]) -> bool:
        """Whether it is about to be too late, however the others are."""
        growing = lane.lag > self._before.get(lane.key, 0.0) and not self._forgotten
        return growing and lane.lag > OVERDUE_AT and not lane.again

    def _may_shed(self, now: float, late: float, *, early: bool) -> bool:
        return late > (URGENT_EARLY_AT if early else URGENT_AT) or now - self._shed_at >= SETTLES

    def _give_up(self, now: float, lanes: list[Load[Key]]) -> None:
        """The least active of these; of about equal ones the latest. One that takes time alone is late, but better than nothing."""
        most = min(lane.activity for lane in lanes) * ALIKE + A_WORD
        alike = [lane for lane in lanes if lane.activity <= most]
        self.shed.add(max(alike, key=lambda lane: (lane.lag, -lane.activity)).key)
        self._late_at = self._shed_at = now

    def _take_back(self, now: float, found: list[Load[Key]]) -> None:
        """One lane, or, when all are back, partial results."""
        waiting = [lane for lane in found if lane.key in self.shed]
        if waiting:
            self.shed.discard(max(waiting, key=lambda lane: lane.activity).key)
            self._returned_at = self._late_at = now
        else:
            self.lean = False

    def _fits(self, use: Use | None, kept: list[Load[Key]]) -> bool:
        """Whether enough is idle for one lane more, if there is one, as far as one can know."""
        busy = sum(lane.busy for lane in kept)
        if use is None or not busy or not self.shed:
            return True
        return use.idle >= SPARE * use.recognisers / busy

    def _wait(self, kept: int) -> float:
        """Seconds on time after which a lane comes back when so many are kept. With so many as were too many, it takes longer."""
        return self._patience if kept + 1 >= self._too_many else ROOM_AFTER

    def _judge_return(self, now: float, late: float, kept: int) -> None:
        if self._returned_at is None:
            return
        if late > SHED_AT:
            self._patience, self._returned_at, self._too_many = min(2 * self._patience, MOST_PATIENCE), None, kept
        elif now - self._returned_at >= PROVEN:
            self._patience, self._returned_at = ROOM_AFTER, None
