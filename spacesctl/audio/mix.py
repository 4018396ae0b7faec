"""The mix of one tick: the sum of all lanes, and for each speaker the sum without their own lane (mix-minus).

Sums are int32, which holds 65,000 lanes at full scale. Frames are int16, after their gain. The limiter comes after the subtraction, on
each output separately, so that a speaker's own voice does not make the others quieter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import FRAME, Pcm

Sum = npt.NDArray[np.int32]


class Mixer:
    """Sums the frames of a tick: `clear`, `add` every frame, then read `total` (`int32[samples]`), `count` (of frames) and `minus`. Its
    buffer is made once."""

    def __init__(self, samples: int = FRAME) -> None:
        self.total: Sum = np.zeros(samples, np.int32)
        self.count = 0

    def clear(self) -> None:
        """Start a new sum."""
        if self.count:
            self.total.fill(0)
            self.count = 0

    def add(self, pcm: Pcm) -> None:
        """Add a frame (`pcm: int16[samples]`)."""
        np.add(self.total, pcm, out=self.total)
        self.count += 1

    def add_all(self, frames: Pcm) -> None:
        """Add several frames (`int16[n, samples]`)."""
        self.total += np.add.reduce(frames, axis=0, dtype=np.int32)
        self.count += len(frames)

    def minus(self, pcm: Pcm | None, out: Sum) -> None:
        """Write the sum without the frame `pcm` to `out` (`int32[samples]`); None subtracts nothing."""
        if pcm is None:
            np.copyto(out, self.total)
        else:
            np.subtract(self.total, pcm, out=out)


def added(one: Pcm, other: Pcm) -> Pcm:
    """The sum of two frames (`int16[n]`), clipped to int16."""
    both: Pcm = np.clip(one.astype(np.int32) + other, -32_768, 32_767).astype(np.int16)
    return both


def gained(pcm: Pcm, gain: float) -> Pcm:
    """A frame (`int16[n]`) times `gain`, rounded and clipped to int16; the frame itself when the gain is 1."""
    if gain == 1.0:
        return pcm
    scaled = np.rint(pcm * np.float32(gain))
    held: Pcm = np.clip(scaled, -32_768, 32_767).astype(np.int16)
    return held
