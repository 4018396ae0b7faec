"""Calls the engine every 20 ms at absolute deadlines. Missed ticks are skipped, not made up for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from spacesctl.engine.clock import Grid
from spacesctl.engine.gc_pacing import GcPacer
from spacesctl.engine.metrics import Metrics

RESTING_TICKS: Final = 25
"""While the engine is idle, one tick in this many runs: one every half second."""


class Ticker:
    """Runs `work(number, now)` at each tick of the grid until `stop`; while `is_idle()` is True, only at every `RESTING_TICKS`th tick until
    `wake` is called. After each tick it may run the garbage collector and calls `tidy` with the seconds left before the next tick."""

    def __init__(
        self,
        grid: Grid,
        work: Callable[[int, float], None],
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
        self._gc = GcPacer()
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
        """Begin with the next tick. From now on the garbage collector runs only after ticks."""
        self._gc.begin()
        self._expected = self.grid.at(time.monotonic()) + 1
        self._arm()

    def stop(self) -> None:
        """Stop ticking; the garbage collector runs automatically again."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._gc.end()

    def wake(self) -> None:
        """End the idle pace because there may be something to do: every tick runs again."""
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
        if number < self._expected:  # the event loop's timer may fire early by its clock resolution
            self._arm()
            return
        self._metrics.counters["ticks_skipped"] += number - self._expected
        late = began - self.grid.due(self._expected)  # of the expected tick, also when it is skipped
        self._resting = self._is_idle()
        self._expected = number + (RESTING_TICKS - number % RESTING_TICKS if self._resting else 1)
        self._arm()
        ran = time.thread_time()
        self._work(number, began)
        ran = time.thread_time() - ran
        work = time.monotonic() - began
        self._metrics.tick_done(late, work, ran)
        self._gc.after_tick(number, work, self._left, self._resting)
        self._tidy(self._left())

    def _left(self) -> float:
        return self.next_due - time.monotonic()
