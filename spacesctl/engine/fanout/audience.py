"""The audience of one group of a Space: the sinks that its frames go to, with each listener's subscription in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from spacesctl.engine.fanout.packet_sink import PacketSink
from spacesctl.engine.fanout.packetizer import AUTO, PATIENT, TICK_MS
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.fanout.tcp_sink import TcpSink
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.seam import Sink
from spacesctl.engine.transport.addresses import is_tcp
from spacesctl.engine.transport.ports import Ports


class Audience:
    """The listeners of one group. `setting` is the packet time over UDP in milliseconds (one of `PTIMES_MS`), or `AUTO`. While
    `is_late`, a group that hears the stage a second later or more, listeners who come and may request lost packets again get longer
    ones."""

    def __init__(self, ports: Ports, metrics: Metrics, setting: int = TICK_MS, *, is_late: bool = False) -> None:
        self._udp = PacketSink(ports.udp, metrics, setting)
        self._patient = PacketSink(ports.udp, metrics, PATIENT) if setting == AUTO else self._udp
        self.is_late = is_late
        self._tcp = TcpSink(ports.send_tcp, metrics)
        self._placed: dict[str, PacketSink] = {}
        self._attached: dict[str, Sink] = {}

    def __bool__(self) -> bool:
        return bool(self._placed or self._attached)

    def sinks(self) -> Iterator[Sink]:
        """The sinks that this group's frames are sent to."""
        yield from (sink for sink in dict.fromkeys((self._udp, self._patient, self._tcp)) if len(sink))
        yield from self._attached.values()

    def add(self, name: str, subscription: Subscription) -> None:
        """Add a listener to the UDP or the TCP sink, by its present address. Raises SealingError when its packets cannot be encrypted."""
        over_udp = self._patient if subscription.nack and self.is_late else self._udp
        sink = self._tcp if is_tcp(subscription.address) else over_udp
        sink.add(name, subscription)
        self._placed[name] = sink

    def attach(self, name: str, sink: Sink) -> None:
        """Add a sink of its own kind, which takes every frame."""
        self._attached[name] = sink

    def remove(self, name: str, subscription: Subscription | None) -> None:
        """Undo `add` (with the listener's subscription) or `attach` (with None). Raises KeyError for an unknown name."""
        if subscription is None:
            del self._attached[name]
        else:
            self._placed.pop(name).remove(name, subscription)
