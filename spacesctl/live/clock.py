"""The Space clock in the control process. It counts the time that has passed, so setting the wall clock moves no tick, also when the engine
or the server is restarted in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.engine.messages import Ready
from spacesctl.support.clock import REAL, Clock


@dataclass(frozen=True)
class ClockMark:
    """What is stored of a live Space's clock: `tick` had begun when it was stored. In the boot `boot` of the machine, tick 0 was at `zero`
    seconds of `Clock.elapsed` (None: not stored yet)."""

    tick: int = 0
    boot: str | None = None
    zero: float | None = None


def tick_after(mark: ClockMark, started_at: datetime, clock: Clock) -> int:
    """The tick that a Space has reached when a server starts. In the same boot of the machine that is counted; after another boot only the
    wall clock can tell how long it took, and it never goes back."""
    if mark.zero is not None and mark.boot == clock.boot:
        since = clock.elapsed() - mark.zero
    else:
        since = clock.now().timestamp() - started_at.timestamp()
    return max(math.floor(since / TICK_SECONDS), mark.tick)


class RunningClock:
    """The clock of one live Space, which is at `first_tick` when it is made."""

    def __init__(self, first_tick: int, clock: Clock = REAL) -> None:
        self._clock = clock
        self._first = first_tick
        self._began = clock.monotonic()
        self._zero = clock.elapsed() - first_tick * TICK_SECONDS

    def tick(self) -> int:
        """The present tick."""
        return self._first + math.floor((self._clock.monotonic() - self._began) / TICK_SECONDS)

    def mark(self) -> ClockMark:
        """What is to be stored of it."""
        return ClockMark(self.tick(), self._clock.boot, self._zero)

    def started_at(self, ready: Ready | None) -> float:
        """When tick 0 was, in Unix seconds by the clock of the engine, which was anchored at its start and may be off by hours now. The
        engine counts from this moment, and so has the same ticks."""
        if ready is not None and ready.utc:
            utc = ready.utc + (self._began - ready.monotonic)
        else:
            utc = self._clock.now().timestamp() - (self._clock.monotonic() - self._began)
        return utc - self._first * TICK_SECONDS
