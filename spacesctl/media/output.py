"""One encoder of a Space, and who is sent what it makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.audio.limiter import Limiter
from spacesctl.audio.mix import Sum
from spacesctl.audio.opus import Encoder

MAX_EXPECTED_LOSS: Final = 20
"""Percent. Preparing for more costs everybody more quality than it saves."""


class Output:
    """A limiter and an encoder, kept as long as the group exists, so that nobody hears a fresh one begin."""

    def __init__(self) -> None:
        self._limiter = Limiter()
        self._encoder = Encoder(dtx=True)

    def encode(self, mixed: Sum) -> bytes:
        """This tick's sum (`int32[960]`) to its packet."""
        return self._encoder.encode(self._limiter.run(mixed))

    def heed(self, losses: Iterable[int]) -> None:
        """Prepare for the loss that most listeners have (the upper quartile of what they report, in percent)."""
        ranked = sorted(losses)
        if ranked:
            self._encoder.expect_loss(min(MAX_EXPECTED_LOSS, ranked[len(ranked) * 3 // 4]))
