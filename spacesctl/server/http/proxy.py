"""Behind a proxy: whom to believe about where a request comes from, and the path below which it serves us."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class Placed:
    """Serves the application below the path of its public URL, whether the proxy takes that path off or leaves it on."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._prefix = urlsplit(public_url).path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._prefix and scope["type"] in ("http", "websocket"):
            path: str = scope["path"]
            if not path.startswith(self._prefix + "/"):
                path = self._prefix + path
            scope = {**scope, "root_path": self._prefix, "path": path}
        await self._app(scope, receive, send)


class BehindProxy:
    """Takes `X-Forwarded-For`, `-Proto` and `-Host` from the proxies in `trusted` (addresses, networks), and from nobody else."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._forwarded = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and self._trusts(scope):
            scope = {**scope, "headers": _with_host(scope["headers"])}
        await self._forwarded(scope, receive, send)  # type: ignore[arg-type]

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and client[0] in self._forwarded.trusted_hosts


def _with_host(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The host that the first proxy was asked for, in the place of the one that the last was."""
    told = [value for name, value in headers if name == b"x-forwarded-host"]
    if not told:
        return headers
    host = told[-1].split(b",")[0].strip()
    return [(name, host if name == b"host" else value) for name, value in headers]
