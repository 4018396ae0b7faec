"""A part of an output's listeners that gets its longer packets in the same tick. Slots take turns, so that no tick sends to all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spacesctl.engine.seam import Frame

SEND_SLOTS: Final = 6
"""The least number that can be halved and divided by three: nobody is moved when the packet time changes."""


class SendSlot:
    """Collects frames until the packet of this slot is due. `number` is its place among the slots of an output."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._waiting: list[Frame] = []

    def add(self, frame: Frame, tick: int, frames: int) -> Sequence[Frame]:
        """Add the frame of a running tick number to packets of `frames` frames. Returns the frames of the packet that is due now; mostly
        none."""
        self._waiting.append(frame)
        if (tick + self._number) % frames < frames - 1 and len(self._waiting) < frames:
            return ()
        due, self._waiting = self._waiting, []
        return due
