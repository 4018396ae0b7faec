"""One encoder of a Space, and who is sent what it makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from spacesctl.audio.limiter import Limiter
from spacesctl.audio.mix import Sum
from spacesctl.audio.opus import Encoder

MAX_EXPECTED_LOSS: Final = 20
"""Percent. Preparing for more costs everybody more quality than it saves."""


class Sink(Protocol):
    """Takes one encoded frame per tick. A listener over WebRTC is one."""

    loss: int

    def send(self, payload: bytes, timestamp: int) -> None:
        """The frame of this tick, 20 ms of Opus; `timestamp` is the Space's RTP time."""


class Output:
    """A limiter and an encoder, kept as long as the group exists, so that nobody hears a fresh one begin."""

    def __init__(self) -> None:
        self._limiter = Limiter()
        self._encoder = Encoder(dtx=True)

    def encode(self, mixed: Sum) -> bytes:
        """This tick's sum (`int32[960]`) to its packet."""
        return self._encoder.encode(self._limiter.run(mixed))

    def heed(self, sinks: Iterable[Sink]) -> None:
        """Prepare for the loss that most sinks have (the upper quartile of what they report, in percent)."""
        losses = sorted(sink.loss for sink in sinks)
        if losses:
            self._encoder.expect_loss(min(MAX_EXPECTED_LOSS, losses[len(losses) * 3 // 4]))
