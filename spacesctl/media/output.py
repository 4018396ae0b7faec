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


class Output:
    """A limiter and an encoder, kept as long as the group exists, so that nobody hears a fresh one begin."""

    def __init__(self) -> None:
        self.limiter = Limiter()
        self._encoder = Encoder(dtx=True)
        self._last = b""
        self._silence = 0  # frames since the encoder went into DTX
        self._empty = 0  # of them, those for which there was nothing at all to encode

    def encode(self, mixed: Pcm, timestamp: int) -> Frame:
        """This tick's limited sum (`int16[960]`) to its frame. In DTX nothing is encoded as long as nothing is mixed."""
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
