"""The cookie of a browser's session: what it is called, when it may be set, and whether a request with it is the page's own.

At the root of a host it is `__Host-spacesctl`, below a path `__Secure-spacesctl` with that path: such names a browser takes over TLS alone
(RFC 6265bis, 4.1.3), so that no neighbour and no plain page can put one in its place. This machine itself is reached without TLS, and there
the name has the port, since browsers do not tell ports apart. Over plain HTTP from elsewhere nobody signs in.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from spacesctl.application.passkeys import Party
from spacesctl.domain.errors import NotAllowed
from spacesctl.server.http.front.hosts import host_name
from spacesctl.server.http.rates import is_loopback

_NAME: Final = "spacesctl"
_AWAY: Final = "spacesctl-away"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED: Final = ("x-forwarded-for", "x-forwarded-host", "forwarded", "via")
WHY: Final = (
    "this page came over plain HTTP, where others can read along: browsers give it no microphone, and nobody signs in. "
    "Open it by https://, or ask the operator to set up TLS"
)


class Line(StrEnum):
    """How private the connection of a request is."""

    TLS = "tls"
    HERE = "here"
    """Plain HTTP within this machine, which browsers take for secure."""
    OPEN = "open"


def line_of(scope: Scope) -> Line:
    """How private the connection of a request is. A proxy's word counts where the server was told to trust it: `BehindProxy` has put it
    into the scope."""
    if scope["scheme"] in ("https", "wss"):
        return Line.TLS
    headers, client = Headers(scope=scope), scope.get("client")
    try:
        name = host_name(headers.get("host", ""))
    except ValueError:
        return Line.OPEN
    is_here = client is not None and is_loopback(client[0]) and (name == "localhost" or is_loopback(name))
    return Line.HERE if is_here and not any(one in headers for one in _FORWARDED) else Line.OPEN


def require_private(scope: Scope) -> None:
    """Raises NotAllowed with reason `plain_http` where a password could be read by others."""
    if line_of(scope) is Line.OPEN:
        raise NotAllowed(WHY, reason="plain_http")


def secret_of(scope: Scope, root: str) -> str | None:
    """The secret in the request's cookie; None without one, and over plain HTTP."""
    return _value(scope, root, _NAME)


def _value(scope: Scope, root: str, which: str) -> str | None:
    line, headers = line_of(scope), Headers(scope=scope)
    if line is Line.OPEN:
        return None
    name = _name(scope, line, root, which)
    for text in headers.getlist("cookie"):
        for pair in text.split(";"):
            found, equals, value = pair.strip().partition("=")
            if equals and found == name:
                return value
    return None


def setting(scope: Scope, root: str, secret: str, now: datetime, until: datetime) -> str:
    """The header that gives a browser its session."""
    return _header(scope, root, secret, max(0, round((until - now).total_seconds())))


def removing(scope: Scope, root: str) -> str:
    """The header that takes it away."""
    return _header(scope, root, "", 0)


def _header(scope: Scope, root: str, value: str, seconds: int, which: str = _NAME) -> str:
    line = line_of(scope)
    secure = "; Secure" if line is Line.TLS else ""
    name = _name(scope, line, root, which)
    return f"{name}={value}; Path={root}/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def _name(scope: Scope, line: Line, root: str, which: str) -> str:
    if line is Line.TLS:
        return f"__Secure-{which}" if root else f"__Host-{which}"
    port = Headers(scope=scope).get("host", "").rpartition(":")[2]
    return f"{which}-{port}" if port.isdigit() else which


def keeping(scope: Scope, root: str, secret: str, seconds: int) -> str:
    """The header with which a browser keeps a secret while somebody is at the provider that signs them in."""
    return _header(scope, root, secret, seconds, _AWAY)


def kept(scope: Scope, root: str) -> str | None:
    """That secret."""
    return _value(scope, root, _AWAY)


def require_own_page(scope: Scope, base_url: str) -> None:
    """Check that a request comes from a page of this server (against CSRF: a browser sends cookies also with what another site makes it
    ask). Raises NotAllowed with reason `cross_site`."""
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    # Of WebSockets browsers always tell the origin, and compare their scheme with the page's in different ways.
    if site is not None and scope["type"] == "http":
        own = site == "same-origin"
    else:
        own = origin is not None and origin in _origins(scope, headers, base_url)
    if not own:
        raise NotAllowed("this is for the server's own pages; programs use a token", reason="cross_site")


def _origins(scope: Scope, headers: Headers, base_url: str) -> tuple[str, str]:
    scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
    public = urlsplit(base_url)
    return f"{scheme}://{headers.get('host', '')}", f"{public.scheme}://{public.netloc}"


def is_named(scope: Scope, party: Party | None) -> bool:
    """Whether a page is reached by the name that passkeys are for."""
    try:
        return party is not None and host_name(Headers(scope=scope).get("host", "")) == party.id
    except ValueError:
        return False


def changes(scope: Scope) -> bool:
    """Whether a request may change something. A WebSocket sends sound."""
    return scope["type"] == "websocket" or scope["method"] not in _READS
