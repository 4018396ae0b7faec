"""Lowers the encoder complexity of speakers' own mixes when the machine is too slow for all of them.

A speaker's own mix has one or two listeners and costs as much as the audience's mix, which never changes. When encoding takes too
long in most ticks, own mixes are encoded one step cheaper, down to a seventh of the cost. When encoding was fast for a while, they go
back up by one step. A step changes the cost by a factor of 2.7 at most, which is less than the ratio of the two limits, so the level
does not oscillate.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 0.004
"""Seconds of a tick that encoding may take, for all Spaces together: a fifth of the tick."""
LITTLE: Final = 0.0013
"""Seconds. When encoding takes less than this, there is time for better encoding."""
WINDOW: Final = 50
"""Ticks between two decisions: 1 s. What more than half of them took decides, so a few disturbed ticks change nothing."""
PATIENCE: Final = 10
"""Consecutive windows of fast encoding before the level improves: 10 s."""
LOWEST: Final = 2
"""The cheapest level."""


class Complexity:
    """Decides the level at which all own mixes are encoded: `level` is 0 for the best, up to `LOWEST` for the cheapest."""

    def __init__(self) -> None:
        self.level = 0
        self._ticks = self._over = self._under = 0
        self._calm = 0  # consecutive windows of fast encoding

    def add(self, seconds: float) -> bool:
        """Count a tick in which encoding took `seconds`. Returns whether the level became a step cheaper."""
        self._ticks += 1
        self._over += seconds > MOST
        self._under += seconds < LITTLE
        if self._ticks < WINDOW:
            return False
        before = self.level
        self._decide()
        self._ticks = self._over = self._under = 0
        return self.level > before

    def _decide(self) -> None:
        self._calm = self._calm + 1 if self._under > WINDOW // 2 else 0
        if self._over > WINDOW // 2:
            self.level = min(LOWEST, self.level + 1)
        elif self._calm == PATIENCE:
            self._calm = 0
            self.level = max(0, self.level - 1)
