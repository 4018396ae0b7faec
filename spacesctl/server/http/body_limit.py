"""No request body grows without bound: a pure ASGI wrapper, so that streams pass through it untouched."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 2 << 20
"""Bytes. The largest thing that anybody sends is a rule file of 1 MiB, as JSON."""


LARGER = {"/v1/clips": 16 << 20}
"""Bytes, for paths where a request is streamed to a file."""


class BodyLimit:
    """Who reads more than `MAX_BODY` (or what `LARGER` says) of a request gets a 413, which becomes a problem document like any other."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        read, most = 0, LARGER.get(scope["path"], MAX_BODY)

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"a request has at most {most} bytes here")
            return message

        return await self._app(scope, bounded, send)
