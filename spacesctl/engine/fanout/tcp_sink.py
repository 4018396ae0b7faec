"""The sink of one output for listeners over TCP. They are few, so they always get packets of 20 ms."""

from __future__ import annotations

from collections.abc import Callable

from spacesctl.engine.fanout.packet_sink import PacketSink
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import Rows


class TcpSink(PacketSink):
    """Makes and encrypts packets like the UDP sink, and sends each by its TCP connection. `send(datagram, address)` returns whether the
    datagram was taken."""

    def __init__(self, send: Callable[[bytes, TransportAddress], bool], metrics: Metrics) -> None:
        super().__init__(_Connections(send), metrics)


class _Connections:
    def __init__(self, send: Callable[[bytes, TransportAddress], bool]) -> None:
        self._send = send

    def rows(self, size: int) -> Rows:
        return Rows(size)

    def send_rows(self, rows: Rows, count: int) -> int:
        return sum(self._send(bytes(rows.datagram(row)), rows.address(row)) for row in range(count))
