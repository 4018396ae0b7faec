"""The two ways out of the engine, as the fan-out and the peers use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import Sender


@dataclass(frozen=True, slots=True)
class Ports:
    """`udp` sends a batch of datagrams; `send_tcp` sends one datagram by a connection and says whether it was taken."""

    udp: Sender
    send_tcp: Callable[[bytes, TransportAddress], bool]
