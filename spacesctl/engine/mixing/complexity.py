"""How well a speaker's own mix is encoded when the machine is too slow for all of them.

An own mix has one or two listeners and costs as much as the audience's, which stays as it is. When encoding takes too much of
most ticks, own mixes get cheaper by a step, until they cost a seventh; when there is room again for a while, better by a step. A
step makes them cheaper by a factor of 2.7 at most, and the two limits are further apart than that: so it does not swing.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 0.004
"""Seconds of a tick that encoding may take, of all Spaces together: a fifth."""
LITTLE: Final = 0.0013
"""Seconds of encoding at which there is room for more."""
WINDOW: Final = 50
"""Ticks after which it is decided, by what most of them took: 1 s. A few that were disturbed change nothing."""
PATIENCE: Final = 10
"""Windows in a row with room for more before it gets better: 10 s."""
LOWEST: Final = 2
"""Steps down at most."""


class Complexity:
    """`level` is 0 for the best, up to `LOWEST`."""

    def __init__(self) -> None:
        self.level = 0
        self._ticks = self._over = self._under = 0
        self._calm = 0  # windows in a row with room for more

    def add(self, seconds: float) -> bool:
        """A tick in which encoding took so long. Whether it went a step down."""
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
