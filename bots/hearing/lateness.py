"""Says when a lane's captions count as behind: from 2 s late until it has been on time for a while, so that the sign does not flicker."""

from __future__ import annotations

from typing import Final

BEHIND: Final = 2.0
"""Seconds late from which people are told."""
ON_TIME: Final = 1.0
"""Seconds late below which captions count as on time again."""
FOR_SECONDS: Final = 2.0
"""For so long they must have been."""


class Lateness:
    """One lane."""

    def __init__(self) -> None:
        self.behind = False
        self._late_at = 0.0

    def look(self, now: float, lag: float) -> bool:
        """Take the present lag in seconds; whether the lane is behind now."""
        if lag > BEHIND:
            self.behind = True
        if lag >= ON_TIME:
            self._late_at = now
        if now - self._late_at >= FOR_SECONDS:
            self.behind = False
        return self.behind
