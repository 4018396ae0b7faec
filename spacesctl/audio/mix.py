"""The sum of one tick: everybody once, and for each speaker everybody else.

Sums are int32: sixty-five thousand voices at full scale would fit. Frames are int16, after their gain. The limiter comes
after the subtraction, on each output by itself, so that one's own voice cannot push the others down.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import FRAME, Pcm

Sum = npt.NDArray[np.int32]


class Mixer:
    """One mixing desk: `clear`, `add` every frame of the tick, then read `total` and `minus`. Its buffer is made once."""

    def __init__(self, samples: int = FRAME) -> None:
        self.total: Sum = np.zeros(samples, np.int32)
        self.count = 0

    def clear(self) -> None:
        """Begin a tick."""
        if self.count:
            self.total.fill(0)
            self.count = 0

    def add(self, pcm: Pcm) -> None:
        """Put a frame in (`pcm: int16[samples]`)."""
        np.add(self.total, pcm, out=self.total)
        self.count += 1

    def add_all(self, frames: Pcm) -> None:
        """Put frames in (`int16[n, samples]`)."""
        self.total += np.add.reduce(frames, axis=0, dtype=np.int32)
        self.count += len(frames)

    def minus(self, pcm: Pcm | None, out: Sum) -> None:
        """Everything but one frame goes to `out`; None (not mixed) takes nothing away."""
        if pcm is None:
            np.copyto(out, self.total)
        else:
            np.subtract(self.total, pcm, out=out)


def gained(pcm: Pcm, gain: float) -> Pcm:
    """A frame times `gain`, rounded and held within int16; the frame itself when the gain is 1."""
    if gain == 1.0:
        return pcm
    scaled = np.rint(pcm * np.float32(gain))
    held: Pcm = np.clip(scaled, -32_768, 32_767).astype(np.int16)
    return held
