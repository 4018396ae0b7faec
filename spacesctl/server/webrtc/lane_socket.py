"""WebSockets with hardly any buffer below them, so that a slow reader is noticed while what waits for it is still news."""

from __future__ import annotations

import socket
from asyncio import BaseTransport, Transport
from typing import Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

SEND_BUFFER: Final = 16 * 1024
"""Bytes asked of the kernel. Linux would grow to megabytes: minutes of a mix, which is 4 KiB a second."""
WRITE_BUFFER: Final = 4 * 1024
"""Bytes that may wait in the process before the sender is held."""
UNREAD_FOR: Final = 20_000
"""Milliseconds after which the kernel gives up a connection whose other side takes nothing (TCP_USER_TIMEOUT)."""


class LaneSocket(WebSocketsSansIOProtocol):
    def connection_made(self, transport: BaseTransport) -> None:
        cast(Transport, transport).set_write_buffer_limits(high=WRITE_BUFFER)
        connected: socket.socket | None = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux only
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_FOR)
        super().connection_made(transport)
