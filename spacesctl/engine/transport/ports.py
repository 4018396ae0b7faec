"""The engine's two transports, UDP and TCP, for sending media."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import Sender


@dataclass(frozen=True, slots=True)
class Ports:
    """`udp` sends batches of datagrams; `send_tcp(datagram, address)` sends one by a TCP connection and returns whether it was taken."""

    udp: Sender
    send_tcp: Callable[[bytes, TransportAddress], bool]
