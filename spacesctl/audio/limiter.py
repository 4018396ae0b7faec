"""The last thing before an encoder: ten loud voices at once become loud, not distorted.

The gain follows the peaks of eight parts of the frame (2.5 ms each), falls at once, rises slowly, and runs in straight lines
between the parts. It looks no sample ahead, so the first part after a jump may still be too loud: what is left over there is
bent, not cut. Sound below the threshold passes bit by bit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.mix import Sum
from spacesctl.audio.opus import FRAME, Pcm

THRESHOLD: Final = 29_204
"""-1 dBFS: what the limiter holds the peaks to."""
CEILING: Final = 32_767
PARTS: Final = 8
RISE: Final = 0.01
"""How much gain comes back per part: from half to full in 125 ms."""


class Limiter:
    """The limiter of one output; its gain carries over from frame to frame."""

    def __init__(self, samples: int = FRAME) -> None:
        self.gain = 1.0
        """What the last frame ended with; 1 is untouched."""
        self._out: Pcm = np.zeros(samples, np.int16)
        self._sound = np.zeros(samples, np.float32)
        self._curve = np.zeros(samples, np.float32)
        self._lines = _lines(samples)

    def run(self, mixed: Sum) -> Pcm:
        """A sum (`int32[samples]`) to `int16[samples]`, valid until the next call."""
        if self.gain >= 1.0 and int(mixed.max()) <= THRESHOLD and int(mixed.min()) >= -THRESHOLD:
            np.copyto(self._out, mixed, casting="unsafe")
            return self._out
        np.copyto(self._sound, mixed)
        np.dot(np.asarray(self._gains(), np.float32), self._lines, out=self._curve)
        self._sound *= self._curve
        _bend(self._sound)
        np.rint(self._sound, out=self._sound)
        np.copyto(self._out, self._sound, casting="unsafe")
        return self._out

    def _gains(self) -> list[float]:
        """The gain at each border between parts: never more than the part on either side can bear."""
        peaks = np.abs(self._sound.reshape(PARTS, -1)).max(axis=1)
        bearable = [min(1.0, THRESHOLD / peak) if peak else 1.0 for peak in peaks.tolist()]
        knots = [self.gain]
        for part, limit in enumerate(bearable):
            following = bearable[part + 1] if part + 1 < PARTS else 1.0
            knots.append(min(limit, following, knots[-1] + RISE))
        self.gain = min(1.0, knots[-1])
        return knots


@lru_cache
def _lines(samples: int) -> npt.NDArray[np.float32]:
    """What each knot adds to the curve at each sample: `float32[PARTS + 1, samples]`. Their weighted sum is straight between knots."""
    knots = np.linspace(0, samples, PARTS + 1)
    each = [np.interp(np.arange(samples), knots, row) for row in np.eye(PARTS + 1)]
    return np.asarray(each, np.float32)


def _bend(sound: npt.NDArray[np.float32]) -> None:
    """Bend what is above the threshold towards the ceiling, which it never reaches."""
    if sound.max() <= THRESHOLD and sound.min() >= -THRESHOLD:
        return
    over = np.abs(sound) > THRESHOLD
    room = np.float32(CEILING - THRESHOLD)
    loud = sound[over]
    beyond = (np.abs(loud) - THRESHOLD) / room
    sound[over] = np.sign(loud) * (THRESHOLD + room * (1 - np.exp(-beyond)))
