"""One encoder of a Space, and which of its frames nobody needs to be sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.audio.limiter import Limiter
from spacesctl.audio.opus import Encoder, Pcm
from spacesctl.media.packing import Frame

MAX_EXPECTED_LOSS: Final = 20
"""Percent. Preparing for more costs everybody more quality than it saves."""
SILENT: Final = 2
"""Bytes. A packet so short says that the encoder is in DTX: it need not be sent, the receiver goes on by itself (RFC 7587, 3.1.3)."""
REFRESH: Final = 20
"""Ticks of silence after which one packet is sent all the same, as libopus does: who joined meanwhile hears of it, paths stay open."""
MANY: Final = 8
"""Voices at once from which a mix is coded as music, at less effort. A model of one throat does not fit eight: what comes out is as
good (PESQ within 0.04 of libopus' own choice), for a quarter of the time."""
FEWER: Final = 6
"""Voices at which it is coded as speech again; of so few, that sounds better (by 0.14 of PESQ, of one voice by 0.7)."""
SPEECH_EFFORT: Final = 8
MANY_EFFORT: Final = 5


class Output:
    """A limiter and an encoder, kept as long as the group exists, so that nobody hears a fresh one begin."""

    def __init__(self) -> None:
        self.limiter = Limiter()
        self._encoder = Encoder(dtx=True, complexity=SPEECH_EFFORT)
        self._many = False
        self._last = b""
        self._silence = 0  # frames since the encoder went into DTX
        self._empty = 0  # of them, those for which there was nothing at all to encode

    def encode(self, mixed: Pcm, voices: int, timestamp: int) -> Frame:
        """This tick's limited sum (`int16[960]`) of so many voices to its frame. In DTX nothing is encoded as long as nothing is mixed."""
        self._suit(voices)
        self._empty = 0 if mixed.any() else self._empty + 1
        if self._silence % REFRESH == 0 or self._empty < REFRESH:
            self._last = self._encoder.encode(mixed)
        silent = len(self._last) <= SILENT
        withheld = silent and self._silence % REFRESH != 0  # the first one tells receivers what begins
        self._silence = self._silence + 1 if silent else 0
        return Frame(self._last, timestamp, withheld)

    def heed(self, losses: Iterable[int]) -> None:
        """Prepare for the loss that most listeners have (the upper quartile of what they report, in percent)."""
        ranked = sorted(losses)
        if ranked:
            self._encoder.expect_loss(min(MAX_EXPECTED_LOSS, ranked[len(ranked) * 3 // 4]))

    def _suit(self, voices: int) -> None:
        many = voices > FEWER if self._many else voices >= MANY
        if many != self._many:
            self._many = many
            self._encoder.work(MANY_EFFORT if many else SPEECH_EFFORT, as_music=many)
