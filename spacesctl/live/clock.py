"""A live Space's clock as the control process reads it: the same tick that the engine has, also when the wall clock is set meanwhile."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.engine.messages import Ready


class RunningClock:
    """Begun when the engine is told to open the Space, by the engine's own rule: floor((its UTC - started_at) / 20 ms), never below
    `first_tick`. From there it goes by the monotonic clock, which nobody sets."""

    def __init__(
        self,
        started_at: datetime,
        first_tick: int,
        ready: Ready | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        anchored = ready is not None and ready.utc
        utc = ready.utc + (self._began - ready.monotonic) if ready is not None and anchored else time.time()
        self._first = max(math.floor((utc - started_at.timestamp()) / TICK_SECONDS), first_tick, 0)

    def tick(self) -> int:
        return self._first + math.floor((self._monotonic() - self._began) / TICK_SECONDS)
