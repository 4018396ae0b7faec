"""The heartbeat: calls the engine every 20 ms at absolute deadlines, and skips what is missed instead of catching up."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

from spacesctl.engine.clock import TICK_SECONDS, Grid
from spacesctl.engine.metrics import Metrics

CALM_SECONDS: Final = 0.005
"""A tick whose work took no longer leaves time for a young collection."""
YOUNG_TICKS: Final = 50
"""How often the young generations are collected in calm ticks: once a second."""
RESTING_TICKS: Final = 25
"""While there is nothing to do a tick comes only so often: every half second."""
FULL_TICKS: Final = 250
"""How often everything is collected while no Space is in use: a full collection takes up to 60 ms."""


class Ticker:
    """Runs `work(number)` at each tick of the grid until `stop`; while `is_idle()`, only at some, until `wake` is called. The garbage
    collector runs only after calm ticks; `tidy` is told how many seconds are left before the next one."""

    def __init__(
        self,
        grid: Grid,
        work: Callable[[int], None],
        metrics: Metrics,
        is_idle: Callable[[], bool] = lambda: False,
        tidy: Callable[[float], None] = lambda _left: None,
    ) -> None:
        self.grid = grid
        self._work = work
        self._metrics = metrics
        self._is_idle = is_idle
        self._tidy = tidy
        self._expected = 0
        self._resting = False
        self._handle: asyncio.TimerHandle | None = None

    @property
    def next_due(self) -> float:
        """When the next tick begins, in monotonic seconds."""
        return self.grid.due(self._expected)

    @property
    def next_number(self) -> int:
        """The grid's number of the next tick."""
        return self._expected

    def start(self) -> None:
        """Begin with the tick after this moment; from here on the garbage collector obeys the ticks."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._expected = self.grid.at(time.monotonic()) + 1
        self._arm()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        gc.enable()

    def wake(self) -> None:
        """There may be something to do: the next tick comes as soon as it is due."""
        if self._resting and self._handle is not None:
            self._resting = False
            self._handle.cancel()
            self._expected = self.grid.at(time.monotonic()) + 1
            self._arm()

    def _arm(self) -> None:
        self._handle = asyncio.get_running_loop().call_at(self.grid.due(self._expected), self._run)

    def _run(self) -> None:
        began = time.monotonic()
        number = self.grid.at(began)
        if number < self._expected:  # the loop's timer is allowed to be early by its resolution
            self._arm()
            return
        self._metrics.counters["ticks_skipped"] += number - self._expected
        late = began - self.grid.due(self._expected)  # of the tick that was to come, also when it is skipped
        self._resting = self._is_idle()
        self._expected = number + (RESTING_TICKS - number % RESTING_TICKS if self._resting else 1)
        self._arm()
        ran = time.thread_time()
        self._work(number)
        ran = time.thread_time() - ran
        work = time.monotonic() - began
        self._metrics.tick_done(late, work, ran)
        if work < CALM_SECONDS:
            self._collect(number)
        self._tidy(self.next_due - time.monotonic())

    def _collect(self, number: int) -> None:
        if number % FULL_TICKS == 0 and self._resting:
            gc.collect()
        elif number % YOUNG_TICKS == 0 and self.next_due - time.monotonic() > TICK_SECONDS / 2:
            gc.collect(1)
