"""A limiter and an encoder of a Space, and which of its frames nobody needs to be sent."""

from __future__ import annotations

from typing import Final

from spacesctl.audio.limiter import Limiter
from spacesctl.audio.opus import Encoder, Pcm
from spacesctl.engine.seam import Frame

SILENT: Final = 2
"""Bytes. A packet so short says that the encoder is in DTX: it need not be sent, the receiver goes on by itself (RFC 7587, 3.1.3)."""
REFRESH: Final = 20
"""Ticks of silence after which one packet is sent all the same, as libopus does: who joined meanwhile hears of it, paths stay open."""
MANY: Final = 7
"""Voices at once from which a mix is coded as music. A model of one throat does not fit seven: what comes out is as good as libopus' own
choice. Of fewer, speech sounds better: of four by 0.2 of PESQ, of one by 0.4 (`tests/bench/efforts.py`)."""
FEWER_TICKS: Final = 50
"""Ticks of fewer voices after which it is coded as speech again: 1 s."""
COMPLEXITIES: Final = (((8, False), (8, True)), ((8, False), (5, True)), ((8, True), (5, True)), ((0, True), (0, True)))
"""What the encoder does, as complexity and whether as music, by level of effort, for few voices and for many. Speech takes 210 us, music
80, 57 and 30. One voice has a PESQ of 4.4 as speech, then 4.0 and 3.6; many have 4.2 throughout, give or take 0.05. Less effort for speech
is no bargain: what costs as much as music sounds worse."""
CALM: Final = 3
"""Frames of nothing in DTX after which decoders have nothing left to go on from."""


class MixEncoder:
    """What it encodes is decoded by whoever heard the frames before."""

    def __init__(self) -> None:
        self.limiter = Limiter()
        self._complexity = COMPLEXITIES[0][False]
        self._encoder = Encoder(dtx=True, complexity=self._complexity[0])
        self._loss = 0
        self._many = False
        self._fewer = 0  # ticks since there were many voices
        self._last = b""
        self._silence = 0  # frames since the encoder went into DTX
        self._empty = 0  # frames for which there was nothing at all to encode

    @property
    def pause(self) -> int | None:
        """None while anything is heard; else the codec's mode, speech (0) or music (1). Whoever heard one coder into its pause can go
        on with the packets of another whose pause is the same: measured, that differs by 0.2 % of full scale at most, but in any
        other state by up to all of it."""
        is_pause = self._silence > 0 and self._empty >= CALM
        return self._last[0] >> 7 if is_pause else None

    def encode(self, mixed: Pcm, voices: int, timestamp: int, level: int = 0) -> Frame:
        """This tick's limited sum (`int16[960]`) of so many voices to its frame, at a level of effort (`COMPLEXITIES`). In DTX nothing is
        encoded as long as nothing is mixed."""
        self._suit(voices, level)
        self._empty = 0 if mixed.any() else self._empty + 1
        if self._silence % REFRESH == 0 or self._empty < REFRESH:
            self._last = self._encoder.encode(mixed)
        silent = len(self._last) <= SILENT
        withheld = silent and self._silence % REFRESH != 0  # the first one tells receivers what begins
        self._silence = self._silence + 1 if silent else 0
        return Frame(self._last, timestamp, withheld)

    def expect_loss(self, percent: int) -> None:
        """How much of what is sent gets lost."""
        if percent != self._loss:
            self._loss = percent
            self._encoder.expect_loss(percent)

    def follow(self, other: MixEncoder) -> None:
        """Become what `other` is, to go on differently from here."""
        self.limiter.gain = other.limiter.gain
        self._encoder.follow(other._encoder)
        self._loss, self._complexity = other._loss, other._complexity
        self._many, self._fewer = other._many, other._fewer
        self._last, self._silence, self._empty = other._last, other._silence, other._empty

    def _suit(self, voices: int, level: int) -> None:
        self._fewer = 0 if voices >= MANY else self._fewer + 1
        self._many = voices >= MANY or (self._many and self._fewer < FEWER_TICKS)
        complexity = COMPLEXITIES[level][self._many]
        if complexity != self._complexity:
            self._complexity = complexity
            self._encoder.work(*complexity)
