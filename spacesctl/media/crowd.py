"""Who hears one group: listeners over WebRTC by the fan-out, and anything else that takes a frame per tick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from spacesctl.media.block import Seat
from spacesctl.media.datagrams import Sender
from spacesctl.media.fanout import Fanout
from spacesctl.media.metrics import Metrics


class Sink(Protocol):
    """Takes one encoded frame per tick, beside the fan-out."""

    loss: int

    def send(self, payload: bytes, timestamp: int) -> None:
        """The frame of this tick, 20 ms of Opus; `timestamp` is the Space's RTP time."""


class Crowd:
    """One group's listeners. Who is sent what is counted in `metrics`."""

    def __init__(self, port: Sender, metrics: Metrics) -> None:
        self._fanout = Fanout(port)
        self._sinks: dict[str, Sink] = {}
        self._metrics = metrics

    def __bool__(self) -> bool:
        return bool(self._sinks) or len(self._fanout) > 0

    def add(self, name: str, listener: Seat | Sink) -> None:
        if isinstance(listener, Seat):
            self._fanout.add(listener)
        else:
            self._sinks[name] = listener

    def remove(self, name: str, listener: Seat | Sink) -> None:
        if isinstance(listener, Seat):
            self._fanout.remove(listener)
        else:
            self._sinks.pop(name, None)

    def losses(self) -> Iterator[int]:
        """What each reports as lost, in percent."""
        for seat in self._fanout:
            yield seat.loss
        for sink in self._sinks.values():
            yield sink.loss

    def send(self, payload: bytes, timestamp: int) -> None:
        """This tick's frame to everybody."""
        taken, refused = self._fanout.send(payload, timestamp)
        self._metrics.counters["packets_out"] += taken
        self._metrics.counters["packets_out_dropped"] += refused
        for sink in self._sinks.values():
            sink.send(payload, timestamp)
