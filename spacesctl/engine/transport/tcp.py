"""Connections over TCP, for who gets no UDP through (RFC 6544, the passive side): the same datagrams as on the UDP port, in frames.

Whose a connection is, its first authenticated check tells. Until then it is a stranger's: there are few of those, each for a few seconds,
and one that says anything but checks is closed. Sending never waits: what the network does not take now waits in a short queue, or is lost.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Literal

from spacesctl.engine.metrics import Metrics
from spacesctl.engine.transport.addresses import TcpAddress
from spacesctl.rtc import demux
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.frames import FrameError, FrameReader, framed

MOST: Final = 512
"""Connections at once."""
STRANGERS: Final = 128
"""Connections without an authenticated check; a newer one takes the place of the oldest. Browsers make one each, to fall back on, and
say nothing there as long as UDP does."""
PATIENCE: Final = 5.0
"""Seconds that a stranger's connection lives."""
CHECKS: Final = 24
"""Checks of a stranger's before it is closed: control may tell of a peer a moment after its first ones."""
SILENCE: Final = 30.0
"""Seconds after which a connection that brings nothing is closed, as consent ends (RFC 7675, 5.1)."""
WAITING: Final = 25
"""Datagrams that wait for a slow network: half a second of sound. The next ones are lost."""
FULL: Final = 5.0
"""Seconds after which a connection is closed whose queue was full and has not been empty since."""
UNSENT: Final = 4096
"""Bytes that the kernel may hold unsent: it must not hide half a minute of sound."""
READ: Final = 4096
"""Bytes read of a connection in one turn of the loop."""
ACCEPTED: Final = 8
"""Connections accepted in one turn."""
A_SECOND: Final = 500
"""Connections accepted in a second: more than browsers make in a storm of joins, and too few to keep the engine busy."""
PAUSE: Final = 1.0
"""Seconds without accepting, after that many, or when the system has no descriptor left. Whoever comes meanwhile waits in the kernel."""

Why = Literal["ended", "rubbish", "stranger", "silent", "full"]
log = logging.getLogger(__name__)


class TcpConnection:
    """One connection and what waits for it. `since` is when it became a stranger's, in monotonic seconds."""

    def __init__(self, sock: socket.socket, place: TcpAddress, now: float) -> None:
        self.socket = sock
        self.place = place
        self.reader = FrameReader()
        self.since = self.heard = now
        self.full_since: float | None = None
        self.checks = 0
        self.passed_over = False
        """Whether its last turn was the tick's."""
        self._waiting: deque[bytes] = deque()

    def send(self, datagram: bytes) -> bool:
        """Send a datagram, now or soon; False when it is lost."""
        if len(self._waiting) >= WAITING:
            self.full_since = self.full_since or time.monotonic()
            return False
        self._waiting.append(framed(datagram))
        if len(self._waiting) == 1:
            self.flush()
            if self._waiting:
                asyncio.get_running_loop().add_writer(self.socket, self._writable)
        return True

    def flush(self) -> None:
        """Hand over what the network takes. A broken connection takes nothing; reading will tell."""
        while self._waiting:
            try:
                taken = self.socket.send(self._waiting[0])
            except OSError:
                return
            if taken < len(self._waiting[0]):
                self._waiting[0] = self._waiting[0][taken:]
                return
            self._waiting.popleft()
        self.full_since = None

    def _writable(self) -> None:
        self.flush()
        if not self._waiting:
            asyncio.get_running_loop().remove_writer(self.socket)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.socket)
        loop.remove_writer(self.socket)
        self.socket.close()


class TcpPort:
    """All connections. `receive` takes a datagram and where it came from; `knows` tells whether a place is a peer's by now, `lost` that one
    is gone; `until` tells when the next tick is due."""

    def __init__(self, listening: Sequence[socket.socket], metrics: Metrics) -> None:
        self._listening = listening
        self._counters = metrics.counters
        self._counters.update(streams_accepted=0, streams_refused=0, streams_packets_dropped=0)
        self._connections: dict[TcpAddress, TcpConnection] = {}
        self._strangers: dict[TcpAddress, TcpConnection] = {}  # of those, oldest first
        self._made = 0
        self._left = A_SECOND

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def hosts(self) -> list[str]:
        """The addresses that it listens at; none when it is off."""
        return [one.getsockname()[0] for one in self._listening]

    def start(
        self,
        receive: Callable[[bytes, TcpAddress], None],
        knows: Callable[[TcpAddress], bool],
        lost: Callable[[TcpAddress], None],
        until: Callable[[], float],
    ) -> None:
        """Accept connections from now on."""
        self._receive, self._knows, self._lost, self._until = receive, knows, lost, until
        for listening in self._listening:
            self._accept_from(listening)

    def send(self, data: bytes, target: TcpAddress) -> bool:
        """Send a datagram; False when the connection is gone, or so slow that it is lost."""
        connection = self._connections.get(target)
        if connection is not None and connection.send(data):
            return True
        self._counters["streams_packets_dropped"] += 1
        return False

    def sweep(self) -> None:
        """Once a second: close what is a stranger's for too long, silent, or too slow."""
        now, self._left = time.monotonic(), A_SECOND
        for connection in list(self._connections.values()):
            place = connection.place
            if place not in self._strangers and not self._knows(place):
                connection.since = now
                self._strangers[place] = connection
            if place in self._strangers and now - connection.since > PATIENCE:
                self._end(connection, "stranger")
            elif now - connection.heard > SILENCE:
                self._end(connection, "silent")
            elif connection.full_since is not None and now - connection.full_since > FULL:
                self._end(connection, "full")

    def close(self) -> None:
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._strangers.clear()

    def _accept_from(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED):
            if not self._left:
                self._pause(listening)
                return
            try:
                sock, source = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # out of descriptors, most of all: it would be ready again at once
                log.warning("connections wait: %s", error.strerror)
                self._pause(listening)
                return
            self._left -= 1
            self._welcome(sock, source)

    def _pause(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(PAUSE, self._accept_from, listening)

    def _welcome(self, sock: socket.socket, source: tuple[str, int]) -> None:
        if len(self._strangers) >= STRANGERS:
            self._end(next(iter(self._strangers.values())), "stranger")
        if len(self._connections) >= MOST:
            self._counters["streams_refused"] += 1
            sock.close()
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._made += 1
        connection = TcpConnection(sock, TcpAddress(source[0], source[1], self._made), time.monotonic())
        self._connections[connection.place] = self._strangers[connection.place] = connection
        self._counters["streams_accepted"] += 1
        asyncio.get_running_loop().add_reader(sock, self._readable, connection)

    def _readable(self, connection: TcpConnection) -> None:
        now = time.monotonic()
        connection.passed_over = not connection.passed_over and now >= self._until()
        if connection.passed_over:
            return
        try:
            data = connection.socket.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(connection, "ended")
            return
        connection.heard = now
        try:
            if not all(self._take(connection, datagram) for datagram in connection.reader.feed(data)):
                self._end(connection, "rubbish")
        except FrameError:
            self._end(connection, "rubbish")

    def _take(self, connection: TcpConnection, datagram: bytes) -> bool:
        """Hand a datagram on; False for a stranger's that is none of the few checks which it may send."""
        if connection.place not in self._strangers:
            self._receive(datagram, connection.place)
            return True
        connection.checks += 1
        if demux.kind(datagram) is not Kind.STUN or connection.checks > CHECKS:
            return False
        self._receive(datagram, connection.place)
        if self._knows(connection.place):
            del self._strangers[connection.place]
        return True

    def _end(self, connection: TcpConnection, why: Why) -> None:
        self._connections.pop(connection.place, None)
        self._strangers.pop(connection.place, None)
        self._counters[f"streams_closed_{why}"] += 1
        connection.close()
        self._lost(connection.place)
