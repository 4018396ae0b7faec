"""Send slots: the listeners of an output are split into groups that get their longer packets in different ticks, so that no tick sends
to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spacesctl.engine.seam import Frame

SEND_SLOTS: Final = 6
"""The least number divisible by 2, 3 and 6, so that listeners stay in their slot when the packet time changes."""


class SendSlot:
    """Collects frames until the packet of this slot is due. `number` is the slot's index among those of an output."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._waiting: list[Frame] = []

    def add(self, frame: Frame, tick: int, frames: int) -> Sequence[Frame]:
        """Add the frame of `tick`, a running number, where packets have `frames` frames. Returns the frames of the packet that is due now,
        or none."""
        self._waiting.append(frame)
        if (tick + self._number) % frames < frames - 1 and len(self._waiting) < frames:
            return ()
        due, self._waiting = self._waiting, []
        return due
