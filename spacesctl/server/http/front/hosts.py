"""Which names this server answers to. A page of another site whose name was changed to lead here (DNS rebinding) is told so, and reads
nothing.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from msgspec import structs
from starlette.types import ASGIApp, Receive, Scope, Send

from spacesctl.domain.errors import Invalid
from spacesctl.server.http import problems
from spacesctl.server.http.rates import is_loopback

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{0,5})?")
_ANY: Final = ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
REMEMBERED: Final = 256
"""Verdicts on `Host` headers that are kept."""


def host_name(text: str) -> str:
    """The name or address of a `Host` header, without its port, as it is compared. Raises ValueError."""
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no host")
    name = found[1].lower().rstrip(".")
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        if name.startswith("["):
            raise
        return name


class Hosts:
    """The names: those of the operator, of the public URL and of the bound address, and always this machine's loopback.

    Bound to all addresses, every address counts: networks translate addresses on the way, and only names can be made to lead here.
    """

    def __init__(self, bound: str, public_url: str | None = None, more: Iterable[str] = ()) -> None:
        self._any_address = bound in _ANY
        public = urlsplit(public_url or "").hostname
        self._names = {"localhost", *map(host_name, more), *([_plain(public)] if public else ())}
        if self._any_address:
            own = socket.gethostname().lower()
            self._names |= {own, f"{own}.local"}
        else:
            self._names.add(_plain(bound))
        self._known: dict[bytes, bool | None] = {}

    def allows(self, header: bytes) -> bool | None:
        """Whether the server answers to this `Host`; None when it is none at all."""
        if header not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[header] = self._judge(header.decode("latin-1"))
        return self._known[header]

    def _judge(self, header: str) -> bool | None:
        try:
            name = host_name(header)
        except ValueError:
            return None
        if name in self._names or is_loopback(name):
            return True
        return self._any_address and _is_address(name)


def _plain(name: str) -> str:
    return host_name(f"[{name}]" if ":" in name else name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


_MALFORMED: Final = Invalid("Host", "is no name of a host")
MISDIRECTED: Final = structs.replace(
    problems.plain(421, "misdirected", "Misdirected Request", "this server does not answer to this name"),
    hint="its operator can add the name to the setting `hosts`, or set `public_url`",
)


class AllowedHosts:
    """Requests and WebSockets with another `Host` are answered with 421, and with none at all (in the sense of the grammar) with 400."""

    def __init__(self, app: ASGIApp, hosts: Hosts, refused: Counter[str]) -> None:
        self._app, self._hosts, self._refused = app, hosts, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            host = next((value for name, value in scope["headers"] if name == b"host"), None)
            allowed = host is None or self._hosts.allows(host)  # HTTP/1.0 has none, and no browser speaks it
            if not allowed:
                self._refused["host"] += 1
                answer = problems.of(_MALFORMED) if allowed is None else problems.respond(MISDIRECTED)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
