"""A listener over TCP, in its crowd as anything that takes a frame per tick."""

from __future__ import annotations

from collections.abc import Callable

from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport.datagrams import Rows
from spacesctl.engine.transport.tcp import TcpAddress, TransportAddress


class TcpSink:
    """Has a seat in a fan-out of its own, so that its packets are counted, sealed and kept as everywhere. `send` is the ports'."""

    def __init__(self, seat: Subscription, send: Callable[[bytes, TransportAddress], bool], target: TcpAddress) -> None:
        self._seat = seat
        self._fanout = Fanout(_Into(send, target))
        self._fanout.add(seat)

    @property
    def loss(self) -> int:
        return self._seat.loss

    def send(self, payload: bytes, timestamp: int) -> None:
        """This tick's frame."""
        self._fanout.send(payload, timestamp)

    def stand_up(self) -> None:
        """Leave the seat for use elsewhere; nothing may be sent here afterwards."""
        self._fanout.remove(self._seat)


class _Into:
    """What the fan-out sends by: one connection."""

    def __init__(self, send: Callable[[bytes, TransportAddress], bool], target: TcpAddress) -> None:
        self._send = send
        self._target = target

    def send_rows(self, rows: Rows, count: int) -> int:
        return sum(self._send(bytes(rows.datagram(row)), self._target) for row in range(count))
