"""A budget that refills with time: what may come at a rate on average, with a burst (a token bucket)."""

from __future__ import annotations


class Budget:
    """`rate` is what is added each second, `burst` the most that is held; it begins full. Both are in any one unit."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._left = burst
        self._at: float | None = None

    def take(self, cost: float, now: float) -> bool:
        """Take `cost` at `now` (monotonic seconds), if so much is left; whether it was."""
        if self._at is not None:
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if cost > self._left:
            return False
        self._left -= cost
        return True
