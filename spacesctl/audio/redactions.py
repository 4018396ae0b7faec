"""What the audience is not to hear: stretches of lanes, by id, in ticks of the Space clock."""

from __future__ import annotations

from collections.abc import Iterator
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


class Redactions:
    """The redactions of one Space."""

    def __init__(self) -> None:
        self._stretches: dict[str, Stretch] = {}

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self._stretches.values())

    def put(self, name: str, stretch: Stretch) -> None:
        """Set the redaction with this name, in place of an earlier one. Raises ValueError when it is reversed."""
        if stretch.last < stretch.first:
            raise ValueError(f"a redaction from {stretch.first} to {stretch.last}")
        if name not in self._stretches and len(self._stretches) >= MOST:
            self._widen(stretch)
            return
        self._stretches[name] = stretch

    def remove(self, name: str) -> bool:
        """Forget a redaction: what has not aired is heard. Returns False when there is none of this name."""
        return self._stretches.pop(name, None) is not None

    def forget_before(self, tick: int) -> None:
        """Forget those that end before a tick."""
        self._stretches = {name: one for name, one in self._stretches.items() if one.last >= tick}

    def mode(self, lane: int, tick: int) -> Mode | None:
        """What is heard in place of a tick of a lane; None: the lane itself. Silence wins over a tone."""
        modes = {one.mode for one in self._stretches.values() if one.covers(lane, tick)}
        if not modes:
            return None
        return "silence" if "silence" in modes else "tone"

    def around(self, lane: int, tick: int) -> Around:
        """The same, with the ticks beside it."""
        if not self._stretches:
            return UNTOUCHED
        return Around(self.mode(lane, tick - 1), self.mode(lane, tick), self.mode(lane, tick + 1))

    def _widen(self, stretch: Stretch) -> None:
        alike = [name for name, one in self._stretches.items() if one.lane in (stretch.lane, ALL)]
        name = alike[-1] if alike else next(iter(self._stretches))
        old = self._stretches[name]
        lane = old.lane if old.lane == stretch.lane else ALL
        self._stretches[name] = Stretch(lane, min(old.first, stretch.first), max(old.last, stretch.last))
