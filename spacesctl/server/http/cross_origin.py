"""CORS: pages of any origin may use WHIP and WHEP (RFC 9725, 4.4), which use bearer tokens and never cookies.

They may not use the rest of the API: a page that somebody visits must not be able to read from a server on their
machine.
"""

from __future__ import annotations

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PLACES = re.compile(r"/v1/spaces/[^/]+/wh[ie]p(?:/[^/]+)?")
EXPOSED = ("Location", "ETag", "Link", "Accept-Patch", "Retry-After")


class CrossOrigin:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["POST", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "If-Match"],
            expose_headers=EXPOSED,
            max_age=86_400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        open_ = scope["type"] == "http" and _PLACES.fullmatch(scope["path"].removeprefix(scope.get("root_path", "")))
        await (self._open if open_ else self._app)(scope, receive, send)
