"""Who hears one group: listeners over WebRTC by the fan-out, and anything else that takes a frame per tick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.packetizer import AUTO, SEND_SLOTS, TICK_MS, Frame, Packetizer, SendSlot, ptime_ms
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.transport.datagrams import Sender

TOGETHER: Final = 64
"""Listeners that a phase has before another one is begun: each costs the tick a little by itself."""
DECIDE: Final = 50
"""How often the packet time follows the number of listeners: every second."""


class Sink(Protocol):
    """Takes one encoded frame per tick, beside the fan-out."""

    @property
    def loss(self) -> int:
        """What it reports as lost, in percent."""

    def send(self, payload: bytes, timestamp: int) -> None:
        """The frame of this tick, 20 ms of Opus; `timestamp` is the Space's RTP time."""


class Audience:
    """One group's listeners; `setting` is how many milliseconds a packet has, or `AUTO`. What is sent is counted in `metrics`."""

    def __init__(self, port: Sender, metrics: Metrics, setting: int = TICK_MS) -> None:
        self.ptime_ms = ptime_ms(setting, 0, TICK_MS)
        self._setting = setting
        self._metrics = metrics
        self._sinks: dict[str, Sink] = {}
        self._places: dict[str, Fanout] = {}
        phases = SEND_SLOTS if setting == AUTO else setting // TICK_MS
        self._phases = [(SendSlot(number), Fanout(port)) for number in range(phases)]
        self._packer = Packetizer() if setting != TICK_MS else None
        self._sent = 0

    def __bool__(self) -> bool:
        return bool(self._sinks or self._places)

    def add(self, name: str, listener: Subscription | Sink) -> None:
        if not isinstance(listener, Subscription):
            self._sinks[name] = listener
            return
        open_phases = self._phases[: 1 + len(self._places) // TOGETHER]
        fanout = min((one for _, one in open_phases), key=len)
        self._places[name] = fanout
        fanout.add(listener)

    def remove(self, name: str, listener: Subscription | Sink) -> None:
        if isinstance(listener, Subscription):
            self._places.pop(name).remove(listener)
        else:
            self._sinks.pop(name, None)

    def losses(self) -> Iterator[int]:
        """What each reports as lost, in percent."""
        for _, fanout in self._phases:
            for seat in fanout:
                yield seat.loss
        for sink in self._sinks.values():
            yield sink.loss

    def send(self, frame: Frame) -> None:
        """This tick's frame to everybody, now or with the ones that follow."""
        if self._packer is None:
            if not frame.withheld:
                self._send(self._phases[0][1], frame.payload, frame.timestamp)
        else:
            self._send_in_phases(frame, self._packer)
        if not frame.withheld:
            for sink in self._sinks.values():
                sink.send(frame.payload, frame.timestamp)

    def _send_in_phases(self, frame: Frame, packer: Packetizer) -> None:
        if self._sent % DECIDE == 0:
            self.ptime_ms = ptime_ms(self._setting, len(self._places), self.ptime_ms)
        self._sent += 1
        for phase, fanout in self._phases:
            due = phase.add(frame, self._sent, self.ptime_ms // TICK_MS)
            if due and len(fanout):
                for payload, timestamp in packer.packets(due):
                    self._send(fanout, payload, timestamp)

    def _send(self, fanout: Fanout, payload: bytes, timestamp: int) -> None:
        taken, refused = fanout.send(payload, timestamp)
        self._metrics.counters["packets_out"] += taken
        self._metrics.counters["packets_out_dropped"] += refused
