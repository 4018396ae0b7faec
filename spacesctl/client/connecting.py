"""How the clients connect: which address, through which proxy, trusting whom, and for how long."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from types import TracebackType
from typing import Any, TypedDict
from urllib.request import getproxies

import httpx

from spacesctl.domain.errors import Invalid

PROXIES = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY"
SCHEMES = {"http": 80, "https": 443}
MOST_PORT = 65_535


class Connection(TypedDict):
    """The arguments of an httpx client that depend on the server."""

    verify: ssl.SSLContext
    trust_env: bool


def connection(url: str) -> Connection:
    """How to connect to a server. One on this machine is asked directly, whatever the environment says of proxies: a proxy would look for
    it on its own machine. Raises Invalid for certificates that cannot be read."""
    return {"verify": trust(url), "trust_env": not is_here(url)}


@contextmanager
def proxies_of_the_environment() -> Iterator[None]:
    """While an httpx client is made: raises Invalid when the environment names a proxy that is none."""
    try:
        yield
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid(PROXIES, f"the proxy is not usable: {error}", hint="such as http://proxy.example:3128") from error
    except ImportError as error:  # socksio, which is not among what we install
        raise Invalid(PROXIES, "a SOCKS proxy is not supported", hint="use an HTTP proxy, or unset it") from error


def is_here(url: str) -> bool:
    """Whether a server is on this machine."""
    host = httpx.URL(url).host.rstrip(".")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def trust(url: str) -> ssl.SSLContext:
    """The usual certificates; for plain HTTP nobody's, since to read them takes 30 ms. Raises Invalid."""
    proxied = not is_here(url) and any(proxy.lower().startswith("https:") for proxy in getproxies().values())
    if not url.lower().startswith("https:") and not proxied:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # also ssl.SSLError
        problem = f"the trusted certificates cannot be read: {error.strerror or error}"
        raise Invalid("SSL_CERT_FILE", problem, hint="correct or unset it") from error


def require_url(url: str) -> str:
    """The address of a server without a slash at its end. Raises Invalid."""
    try:
        parsed = httpx.URL(url)
        host = parsed.host
        parsed.raw_host.decode("ascii").encode("idna")  # as it will be for the look-up
    except (httpx.InvalidURL, ValueError) as error:  # the second: a host that is no name, text that is no UTF-8
        raise _no_address(url) from error
    if parsed.scheme not in SCHEMES or not host or not all(char.isprintable() and not char.isspace() for char in url):
        raise _no_address(url)
    if parsed.userinfo:  # it would be sent in the place of the token; it is secret, so it is not shown
        raise Invalid("url", "must not contain a name or a password", hint="set SPACESCTL_TOKEN")
    if parsed.query or parsed.fragment or (parsed.port is not None and not 0 < parsed.port <= MOST_PORT):
        raise _no_address(url)
    return str(parsed).rstrip("/?#")  # the scheme in small letters, and no port that is the usual one


def _no_address(url: str) -> Invalid:
    shown = url.encode(errors="replace").decode()
    return Invalid("url", f"{shown!r} is not the address of a server", hint="such as http://127.0.0.1:8420")


class Deadline:
    """Cuts the connection of a request that takes too long altogether. Each read has a time limit of its own, which a server that sends a
    byte now and then never reaches. Use it with `with`; `trace` is to be an extension of the request."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._stream: Any = None  # its type is httpcore's
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def trace(self, name: str, told: Mapping[str, object]) -> None:
        """Remember the connection as soon as it is there."""
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = told["return_value"]

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.passed = True
        found = self._stream.get_extra_info("socket") if self._stream is not None else None
        if isinstance(found, socket.socket):
            try:
                # Not the method of an SSL socket, which another thread is reading.
                socket.socket.shutdown(found, socket.SHUT_RDWR)
            except OSError:
                return
