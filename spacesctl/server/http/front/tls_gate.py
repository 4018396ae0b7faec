"""TLS: the connection is counted, and its handshake timed, before the first byte of it is decrypted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

from uvicorn.protocols.utils import get_remote_addr

from spacesctl.server.http.front.connections import Place
from spacesctl.server.http.front.front import Front
from spacesctl.server.http.front.protocol import FrontProtocol

GOODBYE: Final = 5.0
"""Seconds that a client has to agree to the end of TLS."""
_shaking: set[asyncio.Task[None]] = set()


class TlsGate(asyncio.Protocol):
    """A connection up to the end of its handshake; then one of `make`'s protocols takes over."""

    def __init__(self, make: Callable[[], FrontProtocol], context: ssl.SSLContext, front: Front) -> None:
        self._make, self._context, self._front = make, context, front
        self._place: Place | None = None
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()

    def connection_made(self, connected: asyncio.BaseTransport) -> None:
        """Take a place, and shake hands."""
        transport = self._transport = cast(asyncio.Transport, connected)  # uvloop's is no subclass of asyncio's
        address = get_remote_addr(transport)
        self._place = self._front.connections.enter(self, address[0] if address else "")
        if self._place is None:
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._shake_hands(transport))
        _shaking.add(task)
        task.add_done_callback(_shaking.discard)
        # The loop reads before the task has begun TLS, so what came by then is handed on. All of these run before the loop reads again:
        # the task's begin, this, the begin of the TLS protocol, the handing on.
        loop.call_soon(lambda: loop.call_soon(_hand_on, transport, self._take_early()))

    def _take_early(self) -> bytes:
        early = bytes(self._early)
        self._early.clear()
        return early

    def data_received(self, data: bytes) -> None:
        """Keep it: the begin of the handshake, then what came together with its end."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._transport = None
        if self._place is not None:
            self._place.leave()

    def give_way(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, self._context, server_side=True,
                ssl_handshake_timeout=self._front.requests.head_seconds, ssl_shutdown_timeout=GOODBYE,
            )  # fmt: skip
        except (OSError, TimeoutError, RuntimeError):  # the client's business
            self._front.refused["handshake"] += 1
            transport.abort()
            self.connection_lost(None)
            return
        if secured is None or self._transport is None:
            return
        protocol = self._make()
        protocol.place, self._place = self._place, None
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        if self._early:
            protocol.data_received(self._take_early())


def _hand_on(transport: asyncio.Transport, data: bytes) -> None:
    """Give encrypted data to the TLS protocol as the transport does."""
    if data and not transport.is_closing():
        secured = cast(asyncio.BufferedProtocol, transport.get_protocol())
        left = memoryview(data)
        while left:
            buffer = memoryview(secured.get_buffer(len(left)))
            size = min(len(buffer), len(left))
            buffer[:size] = left[:size]
            secured.buffer_updated(size)
            left = left[size:]
