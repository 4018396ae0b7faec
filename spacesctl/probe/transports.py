"""Sends a client's datagrams over UDP, or over TCP with a length before each (RFC 4571, as RFC 6544 prescribes for ICE)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Protocol

from spacesctl.probe.description import Address

Take = Callable[[bytes, Address], None]
"""Is called with each datagram and its source address."""


class Transport(Protocol):
    """What a client uses to send."""

    def sendto(self, data: bytes) -> None: ...

    def close(self) -> None: ...


async def connect(address: Address, take: Take, *, tcp: bool = False) -> Transport:
    """Open a new socket to `address`. Raises OSError."""
    loop = asyncio.get_running_loop()
    if tcp:
        transport, framing = await loop.create_connection(lambda: Framing(take), *address)
        return Framed(transport, framing)
    return (await loop.create_datagram_endpoint(lambda: _Datagrams(take), remote_addr=address))[0]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Take) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Ignored: no process uses that port yet, or none does any longer."""


class Framing(asyncio.Protocol):
    """The receiving half of RFC 4571, independent of the one that is tested (`spacesctl.rtc.frames`)."""

    def __init__(self, take: Take) -> None:
        self.lost = asyncio.Event()
        self._take = take
        self._held = b""
        self._peer: Address = ("0.0.0.0", 0)  # noqa: S104  # a placeholder until the connection is made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._peer = transport.get_extra_info("peername", self._peer)[:2]

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 2 and len(self._held) >= 2 + (length := struct.unpack_from(">H", self._held)[0]):
            datagram, self._held = self._held[2 : 2 + length], self._held[2 + length :]
            self._take(datagram, self._peer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


class Framed:
    """A TCP connection with the interface of a UDP socket. `lost` is set once it is closed."""

    def __init__(self, transport: asyncio.Transport, framing: Framing) -> None:
        self.transport = transport
        self.lost = framing.lost

    def sendto(self, data: bytes) -> None:
        self.transport.write(struct.pack(">H", len(data)) + data)

    def close(self) -> None:
        self.transport.close()
