"""The limiter state and Opus encoder of one sound of a Space, and which of its frames need not be sent (DTX)."""

from __future__ import annotations

from typing import Final

from spacesctl.audio.limiter import Limiter
from spacesctl.audio.opus import Encoder, Pcm
from spacesctl.engine.seam import Frame

SILENT: Final = 2
"""Bytes. A packet this short means that the encoder is in DTX: it need not be sent, the receiver fills the gap (RFC 7587, 3.1.3)."""
REFRESH: Final = 20
"""Ticks of silence between two packets that are sent anyway, as libopus does: they inform new listeners and keep network paths open."""
MANY: Final = 7
"""Channels in a mix from which it is encoded as music, because the speech codec models a single voice. From seven on, the result is as
good as libopus' own choice. With fewer, speech sounds better: with four by 0.2 of PESQ, with one by 0.4 (`tests/bench/efforts.py`)."""
FEWER_TICKS: Final = 50
"""Ticks with fewer channels after which the mix is encoded as speech again: 1 s."""
COMPLEXITIES: Final = (((8, False), (8, True)), ((8, False), (5, True)), ((8, True), (5, True)), ((0, True), (0, True)))
"""Encoder settings as (Opus complexity, whether as music), by level, each for few channels and for many. Level 0 is the audience's, the
others are those of own mixes, ever cheaper. Speech takes 210 us, music 80, 57 and 30. One voice has a PESQ of 4.4 as speech, then 4.0 and
3.6 as music; many voices have 4.2 throughout, within 0.05. Speech at a lower complexity does not pay: at the same cost, music sounds
better."""
CALM: Final = 3
"""Frames of silence in DTX after which a decoder's state no longer matters for what follows."""


class MixEncoder:
    """Encodes one sound, frame by frame. Its state depends on all frames before, so a listener must not switch encoders except in a
    `pause`."""

    def __init__(self) -> None:
        self.limiter = Limiter()
        self._complexity = COMPLEXITIES[0][False]
        self._encoder = Encoder(dtx=True, complexity=self._complexity[0])
        self._loss = 0
        self._many = False
        self._fewer = 0  # ticks since there were many channels
        self._last = b""
        self._silence = 0  # frames since the encoder went into DTX
        self._empty = 0  # consecutive frames of digital silence

    @property
    def pause(self) -> int | None:
        """None while anything is heard; in a pause the codec's mode, speech (0) or music (1). A listener can switch between two encoders
        with the same value: measured, the decoded sound then differs by at most 0.2 % of full scale, but in any other state by up to
        full scale."""
        is_pause = self._silence > 0 and self._empty >= CALM
        return self._last[0] >> 7 if is_pause else None

    def encode(self, mixed: Pcm, channels: int, timestamp: int, level: int = 0) -> Frame:
        """Encode this tick's limited sum (`int16[960]`, 48 kHz mono) of `channels` lanes, with its RTP timestamp, at `level` of
        `COMPLEXITIES`. In DTX the encoder mostly rests while nothing is mixed. Raises OpusError."""
        self._suit(channels, level)
        self._empty = 0 if mixed.any() else self._empty + 1
        if self._silence % REFRESH == 0 or self._empty < REFRESH:
            self._last = self._encoder.encode(mixed)
        silent = len(self._last) <= SILENT
        withheld = silent and self._silence % REFRESH != 0  # the first one tells receivers of the silence
        self._silence = self._silence + 1 if silent else 0
        return Frame(self._last, timestamp, withheld)

    def expect_loss(self, percent: int) -> None:
        """Set the packet loss to prepare for (FEC), in percent."""
        if percent != self._loss:
            self._loss = percent
            self._encoder.expect_loss(percent)

    def follow(self, other: MixEncoder) -> None:
        """Copy the whole state of `other`, to continue from there with a different sound."""
        self.limiter.gain = other.limiter.gain
        self._encoder.follow(other._encoder)
        self._loss, self._complexity = other._loss, other._complexity
        self._many, self._fewer = other._many, other._fewer
        self._last, self._silence, self._empty = other._last, other._silence, other._empty

    def _suit(self, channels: int, level: int) -> None:
        self._fewer = 0 if channels >= MANY else self._fewer + 1
        self._many = channels >= MANY or (self._many and self._fewer < FEWER_TICKS)
        complexity = COMPLEXITIES[level][self._many]
        if complexity != self._complexity:
            self._complexity = complexity
            self._encoder.work(*complexity)
