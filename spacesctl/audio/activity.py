"""How loud a frame is, and whether somebody talks in it.

The decision is made once, here: a frame that is not active is not mixed, and what is mixed says so by its flag. So it leans
towards talk: one loud frame opens it, half a second of quiet closes it, and steady loud sound (music) never closes it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from spacesctl.audio.opus import FRAME, Pcm

SILENCE: Final = -127
"""dBov of digital silence, the lowest that RFC 6464 can say."""
OPEN_LOWEST: Final = -60
"""dBov that counts as talk in a silent room."""
OPEN_HIGHEST: Final = -45
"""dBov that counts as talk in any room."""
ABOVE_FLOOR: Final = 8
"""dB above the room's noise that count as talk."""
HYSTERESIS: Final = 4
"""dB below the opening level at which the hangover begins to run."""
HANGOVER: Final = 25
"""Quiet ticks before it closes: 500 ms, so that the end of a word and the pause after it stay in."""
FLOOR_TICKS: Final = 150
"""The room's noise is the quietest frame of the last 3 to 6 seconds."""
INAUDIBLE: Final = -70
"""dBov by the sender's own measure below which a frame need not even be decoded."""


class Meter:
    """Measures frames of up to `samples`; keeps its own scratch space."""

    def __init__(self, samples: int = FRAME) -> None:
        self._scratch = np.empty(samples, np.float32)

    def level(self, pcm: Pcm) -> int:
        """Root mean square of `pcm: int16[n]` in dBov, -127 to 0; a full-scale square wave is 0 (RFC 6464)."""
        scratch = self._scratch[: len(pcm)]
        np.copyto(scratch, pcm)
        energy = float(np.dot(scratch, scratch)) / (len(pcm) * 32_768.0**2)
        return max(SILENCE, min(0, round(10 * math.log10(energy)))) if energy > 0 else SILENCE


class Activity:
    """The activity of one lane, frame by frame."""

    def __init__(self) -> None:
        self.active = False
        self._quiet_ticks = 0
        self._floor = OPEN_LOWEST
        self._lowest = 0
        self._ticks = 0

    def update(self, level: int) -> bool:
        """Whether the frame of this `level` (dBov) is part of talk."""
        self._learn(level)
        opens = self._opening
        if level >= opens:
            self.active, self._quiet_ticks = True, 0
        elif self.active and level < opens - HYSTERESIS:
            self._quiet_ticks += 1
            self.active = self._quiet_ticks <= HANGOVER
        return self.active

    def would_open(self, level: int) -> bool:
        """Whether a frame of this level is loud enough to begin talk."""
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
