"""The HTTP server and its sockets."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.server.http.app import Application
from spacesctl.server.http.front.front import Front
from spacesctl.server.http.front.hosts import AllowedHosts, Hosts
from spacesctl.server.http.front.protocol import FrontProtocol
from spacesctl.server.http.front.tls_gate import TlsGate
from spacesctl.server.http.proxy import BehindProxy, Placed, trusted
from spacesctl.server.http.services import Services
from spacesctl.server.process.settings import Settings, split_host_port
from spacesctl.server.process.tls import Certificate
from spacesctl.server.webrtc.lane_socket import LaneSocket

MOST_FILES = 65_536
"""Open files: each HTTP player, event stream and TCP peer has its own socket."""
GRACE = 2
"""Seconds that running requests may take to end after SIGTERM."""
_LOGGERS = ("uvicorn.error", "uvicorn.error.requests")


class HttpServer(uvicorn.Server):
    """Uvicorn without its signal handlers: open streams have to be ended first, or it would wait for them."""

    def __init__(self, app: ASGIApp, front: Front, certificate: Certificate | None = None) -> None:
        def make(**given: Any) -> asyncio.Protocol:
            made = partial(FrontProtocol, **given, front=front)
            return made() if certificate is None else TlsGate(made, certificate.context, front)

        super().__init__(
            uvicorn.Config(
                app,
                http=make,  # type: ignore[arg-type]  # uvicorn only calls it
                lifespan="off",
                timeout_keep_alive=front.requests.idle_seconds,
                backlog=min(2_048, max(16, front.connections.most // 8)),  # they are accepted all at once
                ws=LaneSocket,
                ws_max_size=64 * 1024,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=GRACE,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self.listening = asyncio.Event()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections. What is cut off after its grace time is no error, and gets no traceback."""
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_unless_cut_off)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set `listening`."""
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield

    def begin(self, bound: socket.socket) -> asyncio.Task[None]:
        """Serve on a bound socket until `should_exit` is set."""
        return asyncio.create_task(self.serve([bound]))


def _unless_cut_off(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is about anything else than a request that was cut off."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError) and not str(record.msg).startswith("Cancel ")


def application(app: Services, settings: Settings) -> ASGIApp:
    """The app below its public path, and behind proxies if the operator says so."""
    bound, _ = split_host_port(settings.http)
    hosts = Hosts(bound, settings.public_url, [*settings.hosts, *settings.announce])
    placed = AllowedHosts(Placed(Application(app), settings.public_url or ""), hosts, app.front.refused)
    return BehindProxy(placed, settings.trusted_proxies) if settings.behind_proxy else placed


def front_of(settings: Settings) -> Front:
    """The limits in front of the app."""
    proxies = trusted(settings.trusted_proxies if settings.behind_proxy else [])
    return Front(settings.requests, settings.limits, proxies)


def check_exposure(settings: Settings) -> None:
    """Check that HTTP without TLS is reachable from this machine only, unless the operator allows more. Raises Refused."""
    if settings.binds_loopback_only or settings.tls_cert or settings.behind_proxy or settings.insecure:
        return
    raise Refused(
        "not_private",
        f"{settings.http} is reachable by others without TLS, and browsers allow no microphone there",
        hint="give --tls-cert and --tls-key, or --behind-proxy when a proxy in front does TLS, or --insecure",
    )


def allow_connections() -> None:
    """Raise the limit of open files up to `MOST_FILES`. The usual 1,024 are too few for a large audience."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def bind(address: str, unread_seconds: float = 60.0) -> socket.socket:
    """Listen on `HOST:PORT`. A connection whose client takes nothing of what is sent for so long is ended by the kernel. Raises
    Unavailable."""
    host, port = split_host_port(address)
    try:
        family, kind, proto, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, proto)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux only; accepted connections inherit it
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(unread_seconds * 1000))
        bound.bind(place)
        bound.listen()  # takes the port now, before the engine looks for a free one
    except OSError as error:
        raise Unavailable(f"cannot listen on {address}: {error.strerror or error}") from error
    return bound


def base_url(bound: socket.socket, *, tls: bool = False) -> str:
    """The URL of the socket on this machine."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{'https' if tls else 'http'}://{place}"
