"""A program that webhooks and notifications are sent to: a small HTTP server that keeps what it gets."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> dict[str, Any]:
        """The message; raises WebhookVerificationError when it is not signed with this secret, now."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return message


@dataclass
class Receiver:
    """Answers `answers` one after the other (a status, or None for silence), then 200 for ever; each with this `Retry-After`."""

    answers: list[int | None] = field(default_factory=list)
    retry_after: str = "-"
    got: list[Request] = field(default_factory=list)
    port: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, number: int) -> list[Request]:
        """The first `number` requests, once they are there."""
        async with asyncio.timeout(8):
            while len(self.got) < number:
                self.news.clear()
                await self.news.wait()
        return self.got[:number]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status = self.answers.pop(0) if self.answers else 200
        self.got.append(Request(head[0].split()[1], headers, body))
        self.news.set()
        if status is None:
            await reader.read()
        else:
            more = f"Location: /elsewhere\r\nRetry-After: {self.retry_after}\r\nContent-Length: 2"
            writer.write(f"HTTP/1.1 {status} X\r\n{more}\r\n\r\nok".encode())
            await writer.drain()
        writer.close()

    def types(self) -> list[str]:
        return [json.loads(request.body)["type"] for request in self.got]


@asynccontextmanager
async def receiving(answers: Sequence[int | None] = (), tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
