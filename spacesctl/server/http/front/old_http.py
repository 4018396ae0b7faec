"""HTTP/1.0, which has no chunks: an answer without a length ends where the connection ends (RFC 9112, 6.3)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_NO_BODY = (204, 304)


def without_chunks(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """The application, whose answer in this cycle is not chunked."""

    async def unchunked(scope: Scope, receive: Receive, send: Send) -> None:
        has_no_length = False

        async def plainly(message: Message) -> None:
            nonlocal has_no_length
            if message["type"] == "http.response.start":
                has_no_length = message["status"] not in _NO_BODY and not _has_length(message)
                if has_no_length:
                    cycle.chunked_encoding = False
            elif has_no_length:
                cycle.expected_content_length = len(message.get("body", b""))  # so that uvicorn takes it as it is
            await send(message)

        await app(scope, receive, plainly)

    return unchunked


def _has_length(message: Message) -> bool:
    return any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
