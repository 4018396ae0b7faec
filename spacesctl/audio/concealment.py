"""Packets of one voice to sound, also where packets are missing.

A single lost packet is restored from the copy in the next one (FEC) if that is here; what else is missing is invented from
what was before (PLC), at full loudness for 60 ms, then fading until 120 ms: longer, invention turns into a buzz. While the
sender is silent (DTX), the decoder goes on with noise like the last it heard.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spacesctl.audio.opus import FRAME, Decoder, OpusError, Pcm

FULL: Final = 3 * FRAME
"""Samples of a gap that are invented at full loudness: 60 ms."""
FADED: Final = 6 * FRAME
"""Samples after which nothing is left: 120 ms."""
RETURN: Final = 240
"""Samples in which the sound comes back after it was faded: 5 ms."""


class Concealer:
    """One decoder and what it went through."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._gap = 0  # samples since the last packet
        self._gain = 1.0

    def came(self, packet: bytes) -> Pcm:
        """A packet, decoded (`int16[n]`, 48 kHz mono). Raises `OpusError`."""
        pcm = self._decoder.decode(packet)
        self._gap = 0
        return self._return(pcm)

    def lost(self, samples: int, following: bytes | None = None) -> Pcm | None:
        """Sound in place of a lost packet of `samples`; `following` is the very next packet, if it is here. None when
        nothing has been heard for too long."""
        self._gap += samples
        try:
            if following is not None:
                return self._return(self._decoder.recover(following, samples))
            if self._gap - samples >= FADED:
                self._gain = 0.0
                return None
            return self._fade(self._decoder.conceal(samples))
        except OpusError:
            return None

    def rested(self, samples: int = FRAME) -> Pcm | None:
        """The noise of a sender that says nothing."""
        try:
            return self._decoder.conceal(samples)
        except OpusError:
            return None

    def _fade(self, pcm: Pcm) -> Pcm:
        begin, self._gain = self._gain, min(1.0, max(0.0, (FADED - self._gap) / (FADED - FULL)))
        return pcm if begin == self._gain == 1.0 else ramped(pcm, begin, self._gain)

    def _return(self, pcm: Pcm) -> Pcm:
        begin, self._gain = self._gain, 1.0
        if begin == 1.0:
            return pcm
        pcm[:RETURN] = ramped(pcm[:RETURN], begin, 1.0)
        return pcm


def ramped(pcm: Pcm, begin: float, end: float) -> Pcm:
    """Sound whose loudness goes in a straight line from one factor to another; neither may be above 1."""
    changed: Pcm = np.rint(pcm * np.linspace(begin, end, len(pcm), dtype=np.float32)).astype(np.int16)
    return changed


def blended(first: Pcm, second: Pcm) -> Pcm:
    """Two frames of one length that become one: the first goes as the second comes."""
    rise = np.linspace(0, 1, len(first), dtype=np.float32)
    mixed: Pcm = np.rint(first * (1 - rise) + second * rise).astype(np.int16)
    return mixed
