"""Decodes the packets of one speaker, and conceals lost ones.

A lost packet is restored from the copy in the next packet (FEC) if that has arrived. Otherwise the decoder extrapolates the sound before
it (PLC): at full loudness for 60 ms, then fading out until 120 ms, because longer concealment sounds like a buzz. While the sender is
silent (DTX), the decoder produces comfort noise.
"""

from __future__ import annotations

from typing import Final

from spacesctl.audio.fades import RAMP, ramped
from spacesctl.audio.opus import FRAME, Decoder, OpusError, Pcm

FULL: Final = 3 * FRAME
"""Samples of a gap that are concealed at full loudness: 60 ms."""
FADED: Final = 6 * FRAME
"""Samples of a gap after which concealment has faded to silence: 120 ms."""


class Concealer:
    """One decoder with the state of its concealment."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._gap = 0  # samples since the last packet
        self._gain = 1.0

    def came(self, packet: bytes) -> Pcm:
        """Decode a packet (`int16[n]`, 48 kHz mono). Raises `OpusError`."""
        pcm = self._decoder.decode(packet)
        self._gap = 0
        return self._return(pcm)

    def lost(self, samples: int, following: bytes | None = None) -> Pcm | None:
        """Sound in place of a lost packet of `samples` samples (`int16[samples]`). `following` is the packet right after it, if it has
        arrived. None when too much was lost in a row."""
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
        """Comfort noise for a sender in DTX (`int16[samples]`), or None when the decoder cannot make it."""
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
        pcm[:RAMP] = ramped(pcm[:RAMP], begin, 1.0)
        return pcm
