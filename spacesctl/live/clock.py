"""The Space clock in the control process: the same ticks as in the engine, even if the wall clock is set in the meantime."""

from __future__ import annotations

import math
from datetime import datetime

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.engine.messages import Ready
from spacesctl.support.clock import REAL, Clock


class RunningClock:
    """The clock of one live Space, started when the engine is told to open the Space.

    It starts by the engine's rule, floor((engine's UTC - started_at) / 20 ms) but at least `first_tick`, and then
    follows the monotonic clock.
    """

    def __init__(
        self,
        started_at: datetime,
        first_tick: int,
        ready: Ready | None,
        clock: Clock = REAL,
    ) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        anchored = ready is not None and ready.utc
        utc = ready.utc + (self._began - ready.monotonic) if ready is not None and anchored else clock.now().timestamp()
        self._first = max(math.floor((utc - started_at.timestamp()) / TICK_SECONDS), first_tick, 0)

    def tick(self) -> int:
        """The present tick."""
        return self._first + math.floor((self._clock.monotonic() - self._began) / TICK_SECONDS)
