"""Limits the size of request bodies. A pure ASGI middleware, so that streams are not buffered."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 2 << 20
"""Bytes. The largest normal request is a rule file of 1 MiB, as JSON."""


OTHERS = {"/v1/clips": 16 << 20, "/v1/coop/actions": 64 << 10}
"""Bytes, for paths that stream the request to a file, and for one that reads it before it knows from whom it is."""


class BodyLimit:
    """A request body larger than `MAX_BODY` (or the path's entry in `OTHERS`) is answered with 413, as a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        read, most = 0, OTHERS.get(scope["path"], MAX_BODY)

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"a request to this address may have at most {most} bytes")
            return message

        return await self._app(scope, bounded, send)
