"""Two integer clocks: the engine's grid of ticks, and each Space's own numbering of those ticks.

The grid gets its anchor once, when the engine starts: tick *n* is due at anchor + n x 20 ms of monotonic time. A Space's tick number
is the grid's number plus a constant, computed once when the Space opens. So float rounding can never repeat or skip a tick.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Final

TICK_SECONDS: Final = 0.02
"""Length of a tick in seconds."""
SAMPLES: Final = 960
"""Samples in a tick at 48 kHz: RTP timestamps advance by this much per tick (RFC 7587)."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The engine's ticks. `utc` (Unix seconds) and `monotonic` (monotonic seconds) are the moment of tick 0 on the machine's two clocks."""

    utc: float
    monotonic: float

    @classmethod
    def now(cls) -> Grid:
        """A grid whose tick 0 is now."""
        return cls(time.time(), time.monotonic())

    def due(self, number: int) -> float:
        """When a tick is due, in monotonic seconds."""
        return self.monotonic + number * TICK_SECONDS

    def at(self, monotonic: float) -> int:
        """The newest tick that is due at a moment."""
        number = math.floor((monotonic - self.monotonic) / TICK_SECONDS)
        return number + 1 if self.due(number + 1) <= monotonic else number

    def utc_of(self, number: int) -> float:
        """When a tick is due, in Unix seconds. Counted from the anchor, so later changes of the system clock have no effect."""
        return self.utc + number * TICK_SECONDS


@dataclass(frozen=True, slots=True)
class SpaceClock:
    """A Space's tick numbers: the grid's numbers plus `offset`."""

    offset: int

    @classmethod
    def start(cls, grid: Grid, number: int, started_at: float, first_tick: int) -> SpaceClock:
        """The clock of a Space that opens at grid tick `number`: floor((UTC - started_at) / 20 ms), never below `first_tick`."""
        since = math.floor((grid.utc_of(number) - started_at) / TICK_SECONDS)
        return cls(max(since, first_tick, 0) - number)

    def tick(self, number: int) -> int:
        """The Space's number for a tick of the grid."""
        return number + self.offset


def timestamp(tick: int) -> int:
    """The RTP timestamp of a Space's tick."""
    return tick * SAMPLES & 0xFFFFFFFF
