"""What every answer tells browsers and caches, unless it says something else itself: it is what it is called, and nobody keeps it.

Most answers depend on who asks, or are old a moment later. Those that may be kept (the page, calendars, clips of public posts) say so.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
NO_STORE: Final = (b"cache-control", b"no-store")


class SafeAnswers:
    """A pure ASGI middleware: streams go through as they come, and an answer's body is not looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": completed(message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, told)


def completed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with those of the two that are missing."""
    have = {name.lower() for name, _ in headers}
    return [*headers, *(one for one in (NOSNIFF, NO_STORE) if one[0] not in have)]
