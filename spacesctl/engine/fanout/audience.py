"""The audience of one group of a Space: the sinks that its frames go to, with each listener's subscription in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from spacesctl.engine.fanout.packet_sink import PacketSink
from spacesctl.engine.fanout.packetizer import TICK_MS
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.fanout.tcp_sink import TcpSink
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.seam import Sink
from spacesctl.engine.transport.addresses import is_tcp
from spacesctl.engine.transport.ports import Ports


class Audience:
    """The listeners of one group. `setting` is the packet time over UDP in milliseconds (20, 40, 60), or `AUTO`."""

    def __init__(self, ports: Ports, metrics: Metrics, setting: int = TICK_MS) -> None:
        self._udp = PacketSink(ports.udp, metrics, setting)
        self._tcp = TcpSink(ports.send_tcp, metrics)
        self._placed: dict[str, PacketSink] = {}
        self._attached: dict[str, Sink] = {}

    def __bool__(self) -> bool:
        return bool(self._placed or self._attached)

    @property
    def ptime_ms(self) -> int:
        """The packet time over UDP now, in milliseconds."""
        return self._udp.ptime_ms

    def sinks(self) -> Iterator[Sink]:
        """The sinks that this group's frames are sent to."""
        if len(self._udp):
            yield self._udp
        if len(self._tcp):
            yield self._tcp
        yield from self._attached.values()

    def add(self, name: str, subscription: Subscription) -> None:
        """Add a listener to the UDP or the TCP sink, by its present address. Raises SealingError when its packets cannot be encrypted."""
        sink = self._tcp if is_tcp(subscription.address) else self._udp
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
