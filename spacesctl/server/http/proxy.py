"""Behind a proxy: which forwarded headers are trusted, and the path below which the server is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware, _TrustedHosts


class Placed:
    """Serves the application below the path of its public URL, whether or not the proxy strips that path."""

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


def trusted(addresses: Sequence[str]) -> Callable[[str], bool]:
    """Says whether an address is one of `addresses` (addresses, networks)."""
    known = _TrustedHosts(list(addresses))
    return lambda host: host in known


class BehindProxy:
    """Accepts `X-Forwarded-For`, `-Proto` and `-Host` from the proxies in `trusted` (addresses, networks) only."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._forwarded = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]  # uvicorn has its own ASGI types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and self._trusts(scope):
            scope = {**scope, "headers": _with_host(scope["headers"])}
        await self._forwarded(scope, receive, send)  # type: ignore[arg-type]  # uvicorn has its own ASGI types

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and client[0] in self._forwarded.trusted_hosts


def _with_host(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Replace the `Host` header by the host that the client asked the first proxy for."""
    told = [value for name, value in headers if name == b"x-forwarded-host"]
    if not told:
        return headers
    host = told[-1].split(b",")[0].strip()
    return [(name, host if name == b"host" else value) for name, value in headers]
