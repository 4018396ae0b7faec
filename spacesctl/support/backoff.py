"""Computes how long to wait before something is tried or started again: longer after each failure in a row."""

from __future__ import annotations

import random
from collections.abc import Sequence


def doubled(first: float, most: float) -> tuple[float, ...]:
    """Waits in seconds: the first is `first`, and each is twice the one before, up to `most`."""
    waits = [first]
    while waits[-1] < most:
        waits.append(min(2 * waits[-1], most))
    return tuple(waits)


class Backoff:
    """Waits, in seconds, for failures in a row; the last one repeats. With `jitter` each wait is randomly longer or shorter by up to that
    share, so that many clients do not try again at the same time."""

    def __init__(self, waits: Sequence[float], jitter: float = 0.0) -> None:
        self._waits = waits
        self._jitter = jitter
        self._failures = 0

    def reset(self) -> None:
        """Call this after a success: the next failure counts as the first one."""
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        self._failures += 1
        return self.after(self._failures)

    def after(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row (1 is the first), for callers that count failures themselves."""
        wait = self._waits[min(max(failures, 1), len(self._waits)) - 1]
        return wait * random.uniform(1 - self._jitter, 1 + self._jitter)

    def ended(self, lasted: float) -> float:
        """Seconds to wait before a process that ran for `lasted` seconds is started again. If it ran longer than the
        longest wait, its end counts as the first failure."""
        if lasted > self._waits[-1]:
            self.reset()
        return self.next()
