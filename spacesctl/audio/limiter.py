"""A peak limiter before each encoder, so that ten loud speakers at once do not clip.

The gain follows the peaks of eight parts of the frame (2.5 ms each). It falls at once, rises slowly, and is linear between the borders of
the parts. There is no look-ahead over frames, so a part after a jump may still be too loud: what exceeds the threshold there is
soft-clipped. Sound below the threshold passes unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.mix import Sum
from spacesctl.audio.opus import FRAME, Pcm

THRESHOLD: Final = 29_204
"""The sample value that peaks are limited to: -1 dBFS."""
CEILING: Final = 32_767
"""The sample value that soft clipping never exceeds."""
PARTS: Final = 8
"""Parts of a frame."""
RISE: Final = 5 / 512
"""Increase of the gain per part at most: from half to full in 128 ms. Its multiples are exact in float32."""
_RISEN: Final = RISE * np.arange(PARTS + 1, dtype=np.float32)

Sound = npt.NDArray[np.float32]


@dataclass(slots=True)
class Limiter:
    """The limiter state of one output: the gain at the end of the last frame. 1 leaves the sound unchanged."""

    gain: float = 1.0


class Limiters:
    """Limits all sums of a tick together, because a numpy call costs as much for one as for ten. Its buffers are kept."""

    def __init__(self, samples: int = FRAME) -> None:
        self._samples = samples
        self._lines = _lines(samples)
        self._sound, self._curve, self._out = self._rows(0)

    def run(self, sums: Sum, limiters: Sequence[Limiter]) -> Pcm:
        """Limit sums (`int32[n, samples]`), each with its own limiter state, to `int16[n, samples]`, valid until the next call."""
        count = len(limiters)
        if count > len(self._out):
            self._sound, self._curve, self._out = self._rows(count)
        sound, curve, out = self._sound[:count], self._curve[:count], self._out[:count]
        np.copyto(sound, sums)
        peaks = np.abs(sound, out=curve).reshape(count, PARTS, self._samples // PARTS).max(axis=2)
        if peaks.max(initial=0) <= THRESHOLD and all(limiter.gain >= 1.0 for limiter in limiters):
            np.copyto(out, sums, casting="unsafe")
            return out
        np.dot(_gains(peaks, limiters), self._lines, out=curve)
        sound *= curve
        _bend(sound, curve)
        np.rint(sound, out=sound)
        np.copyto(out, sound, casting="unsafe")
        return out

    def _rows(self, count: int) -> tuple[Sound, Sound, Pcm]:
        shape = (count, self._samples)
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.int16)


def _gains(peaks: Sound, limiters: Sequence[Limiter]) -> Sound:
    """The gain at each border of the parts (`float32[n, PARTS + 1]`): low enough for the peaks of the parts on either side, and at most
    `RISE` above the gain before it."""
    knots = np.empty((len(limiters), PARTS + 1), np.float32)
    knots[:, 0] = [limiter.gain for limiter in limiters]
    bearable = knots[:, 1:]
    np.divide(THRESHOLD, np.maximum(peaks, THRESHOLD), out=bearable)
    np.minimum(bearable[:, :-1], bearable[:, 1:], out=bearable[:, :-1])
    knots -= _RISEN  # subtract the allowed rise, so that a running minimum enforces it
    np.minimum.accumulate(knots, axis=1, out=knots)
    knots += _RISEN
    np.minimum(knots, 1.0, out=knots)
    for limiter, gain in zip(limiters, knots[:, -1].tolist(), strict=True):
        limiter.gain = gain
    return knots


@lru_cache
def _lines(samples: int) -> Sound:
    """The weight of each border's gain at each sample (`float32[PARTS + 1, samples]`), for linear interpolation between borders."""
    knots = np.linspace(0, samples, PARTS + 1)
    each = [np.interp(np.arange(samples), knots, row) for row in np.eye(PARTS + 1)]
    return np.asarray(each, np.float32)


def _bend(sound: Sound, scratch: Sound) -> None:
    """Soft-clip in place: compress what is above the threshold so that it stays below the ceiling."""
    over = np.abs(sound, out=scratch) > THRESHOLD
    if not over.any():
        return
    room = np.float32(CEILING - THRESHOLD)
    loud = sound[over]
    beyond = (np.abs(loud) - THRESHOLD) / room
    sound[over] = np.sign(loud) * (THRESHOLD + room * (1 - np.exp(-beyond)))
