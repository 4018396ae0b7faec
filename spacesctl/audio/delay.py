"""The delay line of one lane: its sound reaches the audience some ticks later, without the ticks that were redacted in the meantime.

A redacted tick is silent from its first sample to its last: the fades are in the ticks around it. Only when the tick before it was
already sent (a delay of 0, or a redaction at the last moment), the first 5 ms of the redacted tick are the fade-out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spacesctl.audio.fades import cut_short, faded_in, faded_out
from spacesctl.audio.opus import FRAME, Pcm

MAX_DELAY: Final = 500
"""The longest delay in ticks: 10 s."""
MAX_REDACTIONS: Final = 256
"""Redactions kept per lane. A further one is merged with the last, which silences too much rather than too little."""


class DelayLine:
    """Delays one lane by `delay` ticks, 0 to 500 (raises ValueError otherwise). In each tick, `put` the lane's frame and then `take` the
    audience's."""

    def __init__(self, delay: int = 0) -> None:
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"a delay of {delay} ticks")
        self.delay = delay
        self._ring: Pcm = np.zeros((delay + 1, FRAME), np.int16)
        self._ticks = [-1] * (delay + 1)
        self._redactions: list[tuple[int, int]] = []
        self._faded = True  # the last frame taken ended in silence
        self._newest = -1

    def put(self, tick: int, pcm: Pcm | None) -> None:
        """Store the lane's frame of `tick` (`pcm: int16[960]`, after its gain), or None for silence."""
        place = tick % (self.delay + 1)
        if pcm is None:
            self._ticks[place] = -1
            return
        self._ring[place] = pcm
        self._ticks[place] = self._newest = tick

    def take(self, tick: int) -> Pcm | None:
        """What the audience hears at `tick`: the frame of `tick - delay` (`int16[960]`), redacted, or None for silence. Valid until the
        next `put`."""
        source = tick - self.delay
        place = source % (self.delay + 1)
        if source < 0 or self._ticks[place] != source:
            self._faded = True
            return None
        frame: Pcm = self._ring[place]
        if self._redactions:
            return self._redacted(source, frame)
        self._faded = False
        return frame

    def redact(self, first: int, last: int) -> None:
        """Silence the lane's ticks `first` to `last`, both included, except those already taken. Raises ValueError if reversed."""
        if last < first:
            raise ValueError(f"a redaction from {first} to {last}")
        if len(self._redactions) == MAX_REDACTIONS:
            begin, end = self._redactions.pop()
            first, last = min(first, begin), max(last, end)
        self._redactions.append((first, last))

    def is_empty(self, tick: int) -> bool:
        """Whether no frame is left to take at `tick` or later."""
        return self._newest + self.delay < tick

    def _redacted(self, source: int, frame: Pcm) -> Pcm | None:
        self._redactions = [(first, last) for first, last in self._redactions if last >= source - 1]
        if self._covers(source):
            if self._faded:
                return None
            self._faded = True
            return cut_short(frame)
        rises, falls = self._covers(source - 1), self._covers(source + 1)
        if rises:
            frame = faded_in(frame)
        if falls:
            frame = faded_out(frame)
        self._faded = falls
        return frame

    def _covers(self, tick: int) -> bool:
        return any(first <= tick <= last for first, last in self._redactions)
