"""The HTTP protocol of the server: uvicorn's, with limits on what a connection may send and on the time it may take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from spacesctl.server.http.front import direct, refusals
from spacesctl.server.http.front.body_clock import BodyClock
from spacesctl.server.http.front.connections import Place
from spacesctl.server.http.front.front import Front
from spacesctl.server.http.front.old_http import without_chunks
from spacesctl.server.http.front.refusals import Refusal
from spacesctl.server.webrtc.lane_socket import LaneSocket

LINGER: Final = 1.0
"""Seconds between a refusal and the end of its connection. At once, the kernel would discard the refusal with what was not read."""


_log = logging.getLogger("uvicorn.error.requests")
_log.setLevel(logging.ERROR)  # without a line for each malformed request: they are counted


class RefusedError(Exception):
    """Raised through the parser, to end its work on the request."""


class FrontProtocol(HttpToolsProtocol):
    """One connection. The parser sees the bytes only as long as they keep to the limits."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        front: Front,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _log
        self.front, self.limits = front, front.requests
        self.place: Place | None = None
        self._deaf = False
        """Nothing more is read: the connection was refused, or handed over to a WebSocket."""
        self._refusal: Refusal | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head, self._began = True, False
        self._heads = self._lines = self._parsed = self._fed = 0
        """Heads so far; of this one the lines, the bytes that were parsed, and those that were fed to the parser."""
        self._body = BodyClock(self)
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, unless TLS did so already; without one the connection ends at once."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn's own is narrower than asyncio's
        if self.place is None:
            self.place = self.front.connections.enter(self, self.client[0] if self.client else "")
        if self.place is None:
            self._deaf = True
            self.transport.abort()
            return
        self.place.owner = self
        self.time(self.limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        super().connection_lost(exc)
        if self.is_busy and self._running is not None:  # uvicorn tells the last of pipelined requests only
            self._running.disconnected = True
            self._running.message_event.set()
        self._stop_clock()
        self.resume_writing()
        if self.place is not None:
            self.place.leave()

    def give_way(self) -> None:
        """Close at once: others need the place."""
        self._deaf = True
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count what it does not count itself: heads and bodies that do not end."""
        if self._deaf:
            self.flow.pause_reading()
            return
        if self.place is not None and self.place.over:
            self.refuse(refusals.too_many_connections(self.front.limits.connections))
            return
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        in_head, heads = self._in_head, self._heads
        super().data_received(data)
        if self._deaf:
            return
        if not self._in_head:
            self._body.came(0 if in_head else len(data))
        elif in_head and heads == self._heads:
            self._head_came(len(data))
        elif self._began:
            self._head_came(0)  # how much of the data belongs to it is not known, only what was parsed

    def _head_came(self, size: int) -> None:
        self._fed += size
        if max(self._fed, self._parsed) > self.limits.head_bytes:
            self.refuse(refusals.head_too_large(self.limits.head_bytes))
        elif self._clock is None:
            self.time(self.limits.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._clock = None
        if self._began:
            self.refuse(refusals.head_too_slow(self.limits.head_seconds))
        else:  # browsers open connections ahead, and would take an answer for that to the next request
            self.front.refused["silent"] += 1
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._began = True
        self._lines = self._parsed = 0

    def on_url(self, url: bytes) -> None:
        """Count it."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it. Fields after a chunked body are counted too, but nobody wants them."""
        self._lines += 1
        if self._lines > self.limits.head_lines:
            self._end(refusals.too_many_lines(self.limits.head_lines))
        self._count(len(name) + len(value) + len(b": \r\n"))
        if self._in_head:
            super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._parsed += size
        if self._parsed > self.limits.head_bytes:
            self._end(refusals.head_too_large(self.limits.head_bytes))

    def on_headers_complete(self) -> None:
        """Start the request, if it may be."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() != "1.0"):
            self._end(refusals.hosts())
        if self.is_busy and len(self.pipeline) >= self.limits.pipelined:
            self._end(refusals.too_many_pipelined(self.limits.pipelined))
        self._in_head = False
        self._heads += 1
        self._stop_clock()
        self._body.begin()
        if self.place is not None:
            self.place.works()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count it."""
        self._body.parsed += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next byte begins a head."""
        super().on_message_complete()
        self._in_head, self._began = True, False
        self._fed = self._parsed = 0
        self._stop_clock()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being made."""
        return self._running is not None and not self._running.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        direct.offer(cast(Scope, cycle.scope), cycle, self.transport)
        old = cycle.scope["http_version"] == "1.0"
        super()._start_asgi_task(cycle, without_chunks(app, cycle) if old else app)  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.place is not None and not self.is_busy:
            self.place.waits()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection and its place over."""
        if self.is_busy:
            self.refuse(refusals.malformed())
            return
        self._deaf = True
        self._stop_clock()
        place, self.place = self.place, None
        super().handle_websocket_upgrade()
        taken = cast(LaneSocket, self.transport.get_protocol())
        taken.place = place
        if place is not None:
            place.owner = taken
        if not taken.handshake_initiated:  # the WebSocket parser took offense, which uvicorn does not notice
            self.front.refused["malformed"] += 1
            self.transport.write(refusals.malformed().answer(self.server_state.default_headers))
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        self.cycle.keep_alive = False  # the parser reads nothing after it

    def send_400_response(self, msg: str) -> None:
        """Called when the parser, or one of the methods above, has found something wrong."""
        self.refuse(self._refusal or refusals.malformed())

    def _end(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise RefusedError

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a problem, where no other answer is on its way, and end the connection."""
        if self._deaf or self.transport.is_closing():
            return
        self.front.refused[refusal.why] += 1
        self._deaf = True
        self._stop_clock()
        self.pipeline.clear()
        self.flow.pause_reading()
        running, own = self._running, None if self._in_head else self.cycle
        if running is not None and running is not own and self.is_busy:
            running.keep_alive = False  # an earlier request is answered, and nothing after it
            return
        if own is not None:
            own.disconnected = True
            own.message_event.set()
        if own is None or not own.response_started:
            self.transport.write(refusal.answer(self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.abort)

    def time(self, seconds: float, late: Callable[[], None]) -> None:
        """Call `late`, unless the request gets on before."""
        self._stop_clock()
        self._clock = self.loop.call_later(seconds, late)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def pause_writing(self) -> None:
        """The client does not read its answer: wait for so long, and no longer."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.answer_seconds, self._answer_is_unread)

    def resume_writing(self) -> None:
        """It reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _answer_is_unread(self) -> None:
        self._unread = None
        self.front.refused["answer_unread"] += 1
        self.transport.abort()
