"""WebSockets with small buffers, so that a slow reader is noticed within seconds."""

from __future__ import annotations

import socket
from asyncio import BaseTransport, Transport
from typing import Final, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from spacesctl.server.http.front.connections import Place

SEND_BUFFER: Final = 16 * 1024
"""Bytes of the kernel's send buffer. Linux would let it grow to megabytes: minutes of a mix, which is 4 KiB per second."""
WRITE_BUFFER: Final = 4 * 1024
"""Bytes that may wait in the process before the sender is paused."""
UNREAD_FOR: Final = 20_000
"""Milliseconds after which the kernel closes a connection whose peer acknowledges nothing (TCP_USER_TIMEOUT)."""


class LaneSocket(WebSocketsSansIOProtocol):
    """The WebSocket protocol of the server, with these limits."""

    place: Place | None = None
    """Its place among the connections of the server."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Set the limits on the new connection."""
        cast(Transport, transport).set_write_buffer_limits(high=WRITE_BUFFER)
        connected: socket.socket | None = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux only
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_FOR)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        super().connection_lost(exc)
        if self.place is not None:
            self.place.leave()

    async def send(self, message: ASGISendEvent) -> None:
        """Send, or raise ClientDisconnected: also while a connection that was reset in its handshake is being closed."""
        await self.writable.wait()
        if self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)

    def give_way(self) -> None:
        """Close at once. (Places of WebSockets are never asked for, as they do not wait for a request.)"""
        self.transport.close()
