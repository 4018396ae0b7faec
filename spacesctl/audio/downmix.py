"""Two channels to one. In recordings with one channel turned over (by a wrong cable, or a microphone's "wide" mode) a plain sum would
cancel out; where the channels are nearly each other's negative, one of them is turned back.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import RATE, Pcm

OPPOSITE: Final = -0.8
"""The correlation of the channels below which one of them is turned over."""
ALIKE: Final = -0.4
"""The correlation above which it no longer is. The distance keeps it from going back and forth."""
MEMORY: Final = float(RATE)
"""Samples over which the correlation is averaged: 1 s."""


class Downmix:
    """Makes one channel of two, piece by piece."""

    def __init__(self) -> None:
        self._sign = 1.0
        self._products = np.zeros(3)  # averaged: left x right, left x left, right x right
        self._is_first = True

    def mono(self, stereo: npt.NDArray[np.int16]) -> Pcm:
        """The next piece (`int16[2, n]`) as one channel (`int16[n]`)."""
        left, right = stereo.astype(np.float32)
        before, self._sign = self._sign, self._next_sign(left, right)
        if self._is_first:
            before, self._is_first = self._sign, False
        signs = np.linspace(before, self._sign, len(left), dtype=np.float32)
        mixed: Pcm = np.rint((left + signs * right) / 2).astype(np.int16)
        return mixed

    def _next_sign(self, left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> float:
        now = np.array([np.dot(left, right), np.dot(left, left), np.dot(right, right)], float)
        self._products = self._products * np.exp(-len(left) / MEMORY) + now
        both, one, other = self._products
        loudness = float(np.sqrt(one * other))
        if loudness == 0:
            return self._sign
        likeness = both / loudness
        return -1.0 if likeness < (OPPOSITE if self._sign > 0 else ALIKE) else 1.0
