"""The audience's clock: which tick of the stage the audience hears now.

The audience hears the stage `behind` ticks later. A longer delay grows in the pauses that all lanes share: each silent tick is played
twice. What is still missing after `PATIENCE` ticks comes at once, as a silence. A shorter delay comes by cutting such pauses, but leaves
`REST` ticks of each. A cut (a dump) makes the audience jump over a stretch. Sound is never stretched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

PATIENCE: Final = 3_000
"""Ticks for which a longer delay waits for pauses: 60 s."""
REST: Final = 10
"""Ticks that stay of a pause that is cut: 200 ms."""


class Heard(NamedTuple):
    """What the audience hears in a tick: that of the stage with the number `source`, or nothing when it is `held`.

    `rises`: the tick before it was not heard just before, so it must fade in. `falls`: the next one is not heard next. `left` is a tick
    that would have come next, had a cut not come at the last moment: it may only fade out.
    """

    source: int
    held: bool = False
    rises: bool = False
    falls: bool = False
    left: int | None = None


class AudienceClock:
    """Begins with a whole delay. In each tick call `step` once. All numbers are ticks of 20 ms."""

    def __init__(self, delay: int = 0) -> None:
        self.behind = delay
        """How much later than the stage the audience hears now."""
        self.target = delay
        """How much later it is to hear."""
        self._asked = 0  # the tick at which a longer delay was asked for
        self._tick = -1
        self._cuts: list[tuple[int, int]] = []
        self._twice = False  # the silent tick of the last step was played for the first time
        self._rest = 0  # consecutive silent ticks heard
        self._filling = False
        self._fell = True

    @property
    def is_settled(self) -> bool:
        """Whether the delay is as it is to be."""
        return self.behind == self.target

    @property
    def is_filling(self) -> bool:
        """Whether the audience hears the silence that fills up a delay."""
        return self._filling

    def aim(self, delay: int, *, now: bool = False) -> None:
        """Change the delay: in pauses or, with `now`, by a silence at once if it grows."""
        if delay == self.target and not now:
            return  # who asks again waits no longer
        self.target = delay
        self._asked = self._tick - PATIENCE if now else self._tick

    def cut(self, first: int, last: int) -> None:
        """Jump over ticks `first` to `last`, both included, as far as they have not been heard. The delay grows back afterwards."""
        self._cuts.append((first, last))
        self._asked = self._tick

    def step(self, tick: int, pause: Callable[[int], bool], *, empty: bool = False) -> Heard:
        """What the audience hears at `tick`, which rises from call to call. `pause(source)` tells whether nobody says anything in a tick of
        the stage; `empty` that nobody could."""
        passed = max(0, tick - self._tick - 1) if self._tick >= 0 else 0
        before, self._tick = self._tick - self.behind, tick
        if empty and passed:
            self.behind = min(max(self.behind, self.target), self.behind + passed)
        elif self._filling:
            self.behind = min(self.target, self.behind + passed)
        if self._is_held(tick, pause, empty=empty):
            self.behind += 1
            self._rest += 1
            self._fell = True
            if self.behind >= self.target:
                self._filling = False
            return Heard(tick - self.behind, held=True)
        return self._next(tick, before, pause)

    def _is_held(self, tick: int, pause: Callable[[int], bool], *, empty: bool) -> bool:
        if self.behind >= self.target:
            self._filling = False
            return False
        if self._filling or empty:
            return True
        silent = self._rest > 0 and pause(tick - self.behind)
        self._twice = silent and not self._twice
        return self._twice

    def _next(self, tick: int, before: int, pause: Callable[[int], bool]) -> Heard:
        expected = tick - self.behind
        source = self._over_cuts(expected)
        if source == expected and self.behind > self.target and self._rest >= REST:
            # Only silence is left out, and none of what a word begins with.
            source += pause(source) and pause(source + 1)
        self.behind = max(0, tick - source)
        source = tick - self.behind
        self._rest = self._rest + 1 if pause(source) else 0
        jumped = source != expected
        heard = Heard(
            source,
            rises=self._fell or jumped,
            falls=self._falls(tick, source),
            left=expected if jumped and not self._fell and expected == before + 1 else None,
        )
        self._fell = heard.falls
        return heard

    def _over_cuts(self, source: int) -> int:
        self._cuts = [(first, last) for first, last in self._cuts if last >= source]
        for first, last in sorted(self._cuts):
            if first <= max(0, source) <= last:  # before tick 0 there is nothing to hear
                source = last + 1
        return source

    def _falls(self, tick: int, source: int) -> bool:
        """Whether the next tick is not heard next: a cut begins, or the silence that fills up the delay."""
        if self.behind < self.target and not self._filling and tick + 1 - self._asked >= PATIENCE:
            self._filling = True
            return True
        return any(first <= source + 1 <= last for first, last in self._cuts)
