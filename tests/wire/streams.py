"""Event streams and WebSockets straight through ASGI: everything that the server sends is kept until it is looked at."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Scope

TURNS = 12
"""Turns of the event loop in which the server sends what follows from a request."""

WITHIN = 20.0
"""Seconds that the server has, on a busy machine."""


async def rest() -> None:
    """Let the server send what is queued."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class _Connection:
    """One connection: a task that runs the application, and what it sent."""

    def __init__(self, app: ASGIApp, scope: Scope, opening: Message, closing: Message) -> None:
        self.sent: list[Message] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self._given: asyncio.Queue[Message] = asyncio.Queue()
        self._given.put_nowait(opening)
        self._closing = closing
        self._task = asyncio.create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        async def send(message: Message) -> None:
            await self.reading.wait()
            self.sent.append(message)

        await app(scope, self._given.get, send)

    async def until(self, kind: str, number: int = 1) -> None:
        """Wait until the server has sent so many messages of this kind, or has ended the connection."""
        async with asyncio.timeout(WITHIN):
            while sum(one["type"] == kind for one in self.sent) < number and not self._task.done():
                await asyncio.sleep(0.001)
        await rest()

    async def ended(self) -> None:
        """Wait until the server has ended the connection."""
        async with asyncio.timeout(WITHIN):
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Leave, unless the server has ended it."""
        self.reading.set()
        self._given.put_nowait(self._closing)
        await self.ended()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _scope(kind: str, address: str, headers: dict[str, str]) -> dict[str, Any]:
    url = urlsplit(address)
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": url.path,
        "raw_path": url.path.encode(),
        "root_path": "",
        "query_string": url.query.encode(),
        "headers": [(b"host", b"space.test"), *((name.encode(), value.encode()) for name, value in headers.items())],
        "client": ("192.0.2.7", 1234),
        "server": ("space.test", 80),
    }


class Stream(_Connection):
    """A GET whose answer has no end of its own: an event stream, or live audio."""

    def __init__(self, app: ASGIApp, address: str, headers: dict[str, str]) -> None:
        scope = {**_scope("http", address, headers), "method": "GET"}
        super().__init__(app, scope, {"type": "http.request", "body": b""}, {"type": "http.disconnect"})

    async def __aenter__(self) -> Stream:
        await self.until("http.response.body")
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    def messages(self) -> list[dict[str, Any]]:
        """The Server-Sent Events so far: `event`, `data` as JSON, and the `id` if there is one."""
        text = b"".join(one.get("body", b"") for one in self.sent[1:]).decode()
        blocks = (
            block for block in text.split("\n\n") if not block.startswith(":")
        )  # comments keep the connection open
        return [_event(block) for block in blocks if block]


def _event(block: str) -> dict[str, Any]:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    return {**fields, "data": json.loads(fields["data"])}


class Socket(_Connection):
    """A WebSocket. While `reading` is not set, it takes nothing from the server."""

    def __init__(self, app: ASGIApp, address: str, headers: dict[str, str]) -> None:
        scope = {**_scope("websocket", address, headers), "subprotocols": []}
        leaving = {"type": "websocket.disconnect", "code": 1000}
        super().__init__(app, scope, {"type": "websocket.connect"}, leaving)

    async def __aenter__(self) -> Socket:
        await self.until("websocket.send")
        return self

    def texts(self) -> list[Any]:
        """The text messages so far, as JSON values, and the code with which the server closed."""
        return [
            json.loads(one["text"]) if one["type"] == "websocket.send" else {"closed with": one["code"]}
            for one in self.sent
            if one["type"] == "websocket.close" or one.get("text") is not None
        ]
