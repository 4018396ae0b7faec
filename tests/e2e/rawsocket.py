"""A WebSocket client (RFC 6455) of a bare socket, that says what it likes and reads when it likes: rude where a library is polite."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


class RawSocket:
    """`async with RawSocket(url, token, place, "speak") as socket`; what arrives waits until `read`."""

    def __init__(
        self, url: str, token: str | None, place: str, role: str, *, origin: str | None = None, receive_buffer: int = 0
    ) -> None:
        self._address = urlsplit(url)
        self._request = [
            f"GET {place}/lanes?role={role} HTTP/1.1",
            f"Host: {self._address.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *([f"Authorization: Bearer {token}"] if token else []),
            *([f"Origin: {origin}"] if origin else []),
        ]
        self._receive_buffer = receive_buffer
        self._left = b""

    async def __aenter__(self) -> RawSocket:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        if self._receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, (self._address.hostname or "", self._address.port or 80))
        await self.send_raw("\r\n".join(self._request).encode() + b"\r\n\r\n")
        while b"\r\n\r\n" not in self._left:
            self._left += await loop.sock_recv(self._socket, 4096)
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        assert b" 101 " in head, head
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def send_raw(self, data: bytes) -> None:
        """Raises OSError when the other side has closed for good."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def send(self, kind: int, data: bytes, *, masked: bool = True, final: bool = True) -> None:
        """One frame of any kind."""
        mask = os.urandom(4) if masked else b""
        size, bit = len(data), 0x80 if masked else 0
        if size < 126:
            head = struct.pack(">BB", (0x80 if final else 0) | kind, bit | size)
        elif size < 1 << 16:
            head = struct.pack(">BBH", (0x80 if final else 0) | kind, bit | 126, size)
        else:
            head = struct.pack(">BBQ", (0x80 if final else 0) | kind, bit | 127, size)
        body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)) if masked else data
        await self.send_raw(head + mask + body)

    async def read(self) -> tuple[int, bytes] | None:
        """The next frame as (kind, data); None at the end of the connection."""
        try:
            head = await self._exactly(2)
            size = head[1] & 0x7F
            if size == 126:
                size = int.from_bytes(await self._exactly(2))
            elif size == 127:
                size = int.from_bytes(await self._exactly(8))
            return head[0] & 0x0F, await self._exactly(size)
        except OSError:
            return None

    async def read_json(self) -> dict[str, Any]:
        """The next text, read as JSON; other frames before it are left out."""
        while (frame := await self.read()) is not None:
            if frame[0] == TEXT:
                found: dict[str, Any] = json.loads(frame[1])
                return found
        raise AssertionError("the connection ended")

    async def close_code(self) -> int | None:
        """Read to the end; the code of the close frame, None when there was none."""
        while (frame := await self.read()) is not None:
            if frame[0] == CLOSE:
                return int.from_bytes(frame[1][:2])
        return None

    async def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            more = await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
            if not more:
                raise ConnectionResetError
            self._left += more
        data, self._left = self._left[:size], self._left[size:]
        return data
