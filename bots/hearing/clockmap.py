"""Converts times of the audio that was fed to a recogniser into times on the Space clock.

The two differ because long silence is not fed.
"""

from __future__ import annotations

from bisect import bisect_right

from spacesctl.domain.clock import TICK_SECONDS

MAX_RUNS = 4096
"""Runs that are remembered; older ones are dropped."""


class ClockMap:
    """Remembers the runs of consecutive ticks that were fed, as frames of 20 ms."""

    def __init__(self) -> None:
        self._fed: list[int] = []
        self._ticks: list[int] = []
        self.frames = 0
        """Frames fed so far."""

    def add(self, tick: int) -> None:
        """Note that the next frame fed is that of `tick`."""
        if not self._fed or tick != self._ticks[-1] + self.frames - self._fed[-1]:
            self._fed.append(self.frames)
            self._ticks.append(tick)
            if len(self._fed) > MAX_RUNS:
                self._drop(len(self._fed) - MAX_RUNS)
        self.frames += 1

    def start(self, seconds: float) -> float:
        """Seconds on the Space clock at which something begins, from its beginning in seconds of fed audio."""
        run = max(0, bisect_right(self._fed, seconds / TICK_SECONDS + 1e-6) - 1)
        return self._seconds(run, seconds)

    def end(self, seconds: float) -> float:
        """The same for an end: one on the border of two runs belongs to the earlier run."""
        run = max(0, bisect_right(self._fed, seconds / TICK_SECONDS - 1e-6) - 1)
        return self._seconds(run, seconds)

    def forget_before(self, seconds: float) -> None:
        """Drop what is only needed for times before `seconds` of fed audio."""
        self._drop(max(0, bisect_right(self._fed, seconds / TICK_SECONDS) - 1))

    def _drop(self, count: int) -> None:
        del self._fed[:count], self._ticks[:count]

    def _seconds(self, run: int, seconds: float) -> float:
        if not self._fed:
            return seconds
        return self._ticks[run] * TICK_SECONDS + seconds - self._fed[run] * TICK_SECONDS
