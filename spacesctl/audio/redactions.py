"""What the audience is not to hear: stretches of lanes, by id, in ticks of the Space clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Final, Literal, NamedTuple

Mode = Literal["silence", "tone"]
ALL: Final = 0
"""Stands for every lane."""
MOST: Final = 1_024
"""Stretches that are kept. A further one widens another of its lane, which silences too much rather than too little."""


class Stretch(NamedTuple):
    """Ticks `first` to `last` of a lane, both included."""

    lane: int
    first: int
    last: int
    mode: Mode = "silence"

    def covers(self, lane: int, tick: int) -> bool:
        """Whether a tick of a lane is part of it."""
        return self.lane in (lane, ALL) and self.first <= tick <= self.last


class Around(NamedTuple):
    """What is heard in place of a lane's tick, and of the ticks before and after it; None: the lane itself."""

    before: Mode | None = None
    now: Mode | None = None
    after: Mode | None = None


UNTOUCHED: Final = Around()


class _Union:
    """The ticks of some stretches, as disjoint runs in order."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for one in sorted(stretches, key=lambda one: one.first):
            if self._lasts and one.first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], one.last)
            else:
                self._firsts.append(one.first)
                self._lasts.append(one.last)

    def __contains__(self, tick: int) -> bool:
        place = bisect_right(self._firsts, tick) - 1
        return place >= 0 and tick <= self._lasts[place]


class _OfLane:
    """What is heard in place of one lane."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        of_lane = list(stretches)
        self.is_empty = not of_lane
        self._silence = _Union(one for one in of_lane if one.mode == "silence")
        self._tone = _Union(one for one in of_lane if one.mode == "tone")

    def mode(self, tick: int) -> Mode | None:
        return "silence" if tick in self._silence else "tone" if tick in self._tone else None


class Redactions:
    """The redactions of one Space. To ask for a tick takes the same time however many there are, but for the first one after a change."""

    def __init__(self) -> None:
        self._stretches: dict[str, Stretch] = {}
        self._lanes: dict[int, _OfLane] = {}
        """What was asked for since the last change."""
        self._ends: list[tuple[int, str]] = []
        """A heap of last ticks and names; those that were changed or removed are passed over."""

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self._stretches.values())

    def get(self, name: str) -> Stretch | None:
        """The redaction with this name."""
        return self._stretches.get(name)

    def put(self, name: str, stretch: Stretch) -> None:
        """Set the redaction with this name, in place of an earlier one. Raises ValueError when it is reversed."""
        if stretch.last < stretch.first:
            raise ValueError(f"a redaction from {stretch.first} to {stretch.last}")
        if name not in self._stretches and len(self._stretches) >= MOST:
            name, stretch = self._widened(stretch)
        self._changes(name)
        self._stretches[name] = stretch
        self._changes(name)
        heappush(self._ends, (stretch.last, name))
        if len(self._ends) > 2 * MOST:  # the same ones were changed again and again
            self._ends = [(one.last, each) for each, one in self._stretches.items()]
            heapify(self._ends)

    def remove(self, name: str) -> bool:
        """Forget a redaction: what has not aired is heard. Returns False when there is none of this name."""
        self._changes(name)
        return self._stretches.pop(name, None) is not None

    def forget_before(self, tick: int) -> None:
        """Forget those that end before a tick. Earlier ticks are not asked for afterwards."""
        while self._ends and self._ends[0][0] < tick:
            last, name = heappop(self._ends)
            if name in self._stretches and self._stretches[name].last == last:
                del self._stretches[name]
        if not self._stretches:
            self._lanes.clear()

    def mode(self, lane: int, tick: int) -> Mode | None:
        """What is heard in place of a tick of a lane; None: the lane itself. Silence wins over a tone."""
        return self._of(lane).mode(tick) if self._stretches else None

    def around(self, lane: int, tick: int) -> Around:
        """The same, with the ticks beside it."""
        if not self._stretches or (known := self._of(lane)).is_empty:
            return UNTOUCHED
        return Around(known.mode(tick - 1), known.mode(tick), known.mode(tick + 1))

    def _of(self, lane: int) -> _OfLane:
        known = self._lanes.get(lane)
        if known is None:
            known = self._lanes[lane] = _OfLane(one for one in self._stretches.values() if one.lane in (lane, ALL))
        return known

    def _changes(self, name: str) -> None:
        """What is known of the lane of a redaction, or of all, is made anew when it is asked for."""
        one = self._stretches.get(name)
        if one is not None and one.lane == ALL:
            self._lanes.clear()
        elif one is not None:
            self._lanes.pop(one.lane, None)

    def _widened(self, stretch: Stretch) -> tuple[str, Stretch]:
        """Another one of its lane, or any, with this stretch in it."""
        alike = [name for name, one in self._stretches.items() if one.lane in (stretch.lane, ALL)]
        name = alike[-1] if alike else next(iter(self._stretches))
        old = self._stretches[name]
        lane = old.lane if old.lane == stretch.lane else ALL
        return name, Stretch(lane, min(old.first, stretch.first), max(old.last, stretch.last))
