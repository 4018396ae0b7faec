"""Measures how loud a frame is, and detects whether somebody talks in it (voice activity).

A frame that is not active is not mixed, so the detector prefers to call a frame active: one loud frame starts activity, half a second
of quiet ends it, and steady loud sound (music) never ends it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from spacesctl.audio.opus import FRAME, Pcm

SILENCE: Final = -127
"""dBov of digital silence, the lowest level of RFC 6464."""
OPEN_LOWEST: Final = -60
"""dBov from which a frame counts as talk in a silent room."""
OPEN_HIGHEST: Final = -45
"""dBov from which a frame counts as talk in any room."""
ABOVE_FLOOR: Final = 8
"""dB above the noise floor from which a frame counts as talk, between the two limits above."""
HYSTERESIS: Final = 4
"""dB. A frame counts towards the hangover when it is more than this below the opening level."""
HANGOVER: Final = 25
"""Quiet ticks before activity ends: 500 ms, to keep the ends of words and the pauses between them."""
FLOOR_TICKS: Final = 150
"""Ticks after which the noise floor is measured anew. The floor is the quietest frame of the last 3 to 6 seconds."""
INAUDIBLE: Final = -70
"""dBov. A frame that the sender reports at or below this level need not be decoded while nobody talks."""


class Meter:
    """Measures frames of up to `samples` samples. Its buffer is made once."""

    def __init__(self, samples: int = FRAME) -> None:
        self._scratch = np.empty(samples, np.float32)

    def level(self, pcm: Pcm) -> int:
        """Root mean square of `pcm: int16[n]` in dBov, -127 to 0; a full-scale square wave is 0 (RFC 6464)."""
        scratch = self._scratch[: len(pcm)]
        np.copyto(scratch, pcm)
        energy = float(np.dot(scratch, scratch)) / (len(pcm) * 32_768.0**2)
        return max(SILENCE, min(0, round(10 * math.log10(energy)))) if energy > 0 else SILENCE


class Activity:
    """The activity detector of one lane. `active` is the decision on the last frame."""

    def __init__(self) -> None:
        self.active = False
        self._quiet_ticks = 0
        self._floor = OPEN_LOWEST
        self._lowest = 0
        self._ticks = 0

    def update(self, level: int) -> bool:
        """Take the next frame's `level` (dBov). Returns whether the frame is active."""
        self._learn(level)
        opens = self._opening
        if level >= opens:
            self.active, self._quiet_ticks = True, 0
        elif self.active and level < opens - HYSTERESIS:
            self._quiet_ticks += 1
            self.active = self._quiet_ticks <= HANGOVER
        return self.active

    @property
    def floor(self) -> int:
        """The noise floor in dBov: the quietest frame of the last 3 to 6 seconds, at most `OPEN_LOWEST` in the first 3."""
        return self._floor

    def would_open(self, level: int) -> bool:
        """Whether a frame of this level (dBov) is loud enough to start activity."""
        return level >= self._opening

    @property
    def _opening(self) -> int:
        return min(OPEN_HIGHEST, max(OPEN_LOWEST, self._floor + ABOVE_FLOOR))

    def _learn(self, level: int) -> None:
        self._lowest = min(self._lowest, level)
        self._floor = min(self._floor, level)
        self._ticks += 1
        if self._ticks == FLOOR_TICKS:
            self._floor, self._lowest, self._ticks = self._lowest, 0, 0
