"""Where a moment of the audio that was *fed* lies on the Space clock: silence is not fed, so the two part."""

from __future__ import annotations

from bisect import bisect_right

from spacesctl.domain.clock import TICK_SECONDS

MAX_RUNS = 4096


class ClockMap:
    """Runs of ticks fed without a break. Frames are 20 ms each."""

    def __init__(self) -> None:
        self._fed: list[int] = []
        self._ticks: list[int] = []
        self.frames = 0
        """Frames fed so far."""

    def add(self, tick: int) -> None:
        """The next frame fed is that of `tick`."""
        if not self._fed or tick != self._ticks[-1] + self.frames - self._fed[-1]:
            self._fed.append(self.frames)
            self._ticks.append(tick)
            if len(self._fed) > MAX_RUNS:
                self._drop(len(self._fed) - MAX_RUNS)
        self.frames += 1

    def start(self, seconds: float) -> float:
        """Seconds on the Space clock of a beginning, given in seconds fed."""
        run = max(0, bisect_right(self._fed, seconds / TICK_SECONDS + 1e-6) - 1)
        return self._seconds(run, seconds)

    def end(self, seconds: float) -> float:
        """The same of an end: one that falls on a border belongs to the run before it."""
        run = max(0, bisect_right(self._fed, seconds / TICK_SECONDS - 1e-6) - 1)
        return self._seconds(run, seconds)

    def forget_before(self, seconds: float) -> None:
        """Moments before `seconds` fed will not be asked for any more."""
        self._drop(max(0, bisect_right(self._fed, seconds / TICK_SECONDS) - 1))

    def _drop(self, count: int) -> None:
        del self._fed[:count], self._ticks[:count]

    def _seconds(self, run: int, seconds: float) -> float:
        if not self._fed:
            return seconds
        return self._ticks[run] * TICK_SECONDS + seconds - self._fed[run] * TICK_SECONDS
