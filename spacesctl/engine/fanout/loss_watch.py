"""Whether a listener loses so many packets that it should get each of them twice."""

from __future__ import annotations

from typing import Final

LOSSY: Final = 0.03
"""The share of lost packets above which copies pay."""
FOR: Final = 5.0
"""Seconds for which it must be above that."""
CALM: Final = 0.01
"""The share at or below which there are no copies any more."""
CALM_FOR: Final = 30.0
"""Seconds for which it must be at or below that."""


class LossWatch:
    """Follows the loss that one listener reports. `share` is the last one; times are monotonic seconds, the watch begins at `now`."""

    __slots__ = ("_reported", "_since", "is_lossy", "share")

    def __init__(self, now: float) -> None:
        self.is_lossy = False
        self.share = 0.0
        self._reported = now
        self._since: float | None = None  # since when the opposite of `is_lossy` holds

    def report(self, share: float, now: float) -> bool:
        """It lost this share of the packets since its last report. Returns whether `is_lossy` changed."""
        began, self._reported, self.share = self._reported, now, share
        speaks_against = share <= CALM if self.is_lossy else share > LOSSY
        if not speaks_against:
            self._since = None
            return False
        self._since = began if self._since is None else self._since
        if now - self._since < (CALM_FOR if self.is_lossy else FOR):
            return False
        self.is_lossy, self._since = not self.is_lossy, None
        return True
