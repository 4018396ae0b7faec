"""TCP connections, for clients whose network blocks UDP (RFC 6544, the passive side). They carry the same datagrams as the UDP port, in
frames.

The first authenticated check on a connection shows which peer it belongs to. Until then it is a stranger's. There may be few such
connections, each may stay for a few seconds, and one that sends anything but checks is closed. Sending never blocks: what the network does
not take at once waits in a short queue, and is dropped when that is full.
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
"""Connections without an authenticated check; when there are more, the oldest is closed. Each browser opens one as a fallback, and sends
nothing on it while UDP works."""
PATIENCE: Final = 5.0
"""Seconds after which a stranger's connection is closed."""
CHECKS: Final = 24
"""Checks that a stranger may send before its connection is closed: its first ones may arrive before control announces the peer."""
SILENCE: Final = 30.0
"""Seconds without incoming data after which a connection is closed, the same time as for consent (RFC 7675, 5.1)."""
WAITING: Final = 25
"""Datagrams that may wait in a connection's send queue: half a second of sound. Further ones are dropped."""
FULL: Final = 5.0
"""Seconds after which a connection is closed whose send queue became full and has not been empty since."""
UNSENT: Final = 4096
"""Unsent bytes that the kernel may hold for a connection, so that sound is not delayed in the kernel by up to half a minute."""
READ: Final = 4096
"""Bytes read from a connection in one iteration of the event loop."""
ACCEPTED: Final = 8
"""Connections accepted in one iteration of the event loop."""
A_SECOND: Final = 500
"""Connections accepted per second: more than browsers open when many join at once, and too few to overload the engine."""
PAUSE: Final = 1.0
"""Seconds without accepting after that many, or when the system has no file descriptor left. New connections wait in the kernel."""

Why = Literal["ended", "rubbish", "stranger", "silent", "full"]
log = logging.getLogger(__name__)


class TcpConnection:
    """One TCP connection with its send queue. `since` is when it became a stranger's and `heard` when it last received data, both in
    monotonic seconds."""

    def __init__(self, sock: socket.socket, place: TcpAddress, now: float) -> None:
        self.socket = sock
        self.place = place
        self.reader = FrameReader()
        self.since = self.heard = now
        self.full_since: float | None = None
        self.checks = 0
        self.passed_over = False
        """Whether its last read was postponed because a tick was due."""
        self._waiting: deque[bytes] = deque()

    def send(self, datagram: bytes) -> bool:
        """Send a datagram, or queue it. Returns False when the queue is full and the datagram is dropped."""
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
        """Send as much of the queue as the network takes. Send errors are ignored: the next read reports a broken connection."""
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
        """Close the socket; what waits in the queue is dropped."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.socket)
        loop.remove_writer(self.socket)
        self.socket.close()


class TcpPort:
    """All TCP connections, accepted from the sockets `listening` (none: TCP is off)."""

    def __init__(self, listening: Sequence[socket.socket], metrics: Metrics) -> None:
        self._listening = listening
        self._counters = metrics.counters
        self._counters.update(streams_accepted=0, streams_refused=0, streams_packets_dropped=0)
        self._connections: dict[TcpAddress, TcpConnection] = {}
        self._strangers: dict[TcpAddress, TcpConnection] = {}  # not yet authenticated, oldest first
        self._made = 0
        self._left = A_SECOND

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def hosts(self) -> list[str]:
        """The IP addresses that it listens on; empty when TCP is off."""
        return [one.getsockname()[0] for one in self._listening]

    def start(
        self,
        receive: Callable[[bytes, TcpAddress], None],
        knows: Callable[[TcpAddress], bool],
        lost: Callable[[TcpAddress], None],
        until: Callable[[], float],
    ) -> None:
        """Accept connections from now on. `receive(datagram, address)` takes what arrives; `knows` returns whether a connection belongs
        to a peer by now; `lost` is told of closed connections; `until` returns when the next tick is due, in monotonic seconds."""
        self._receive, self._knows, self._lost, self._until = receive, knows, lost, until
        for listening in self._listening:
            self._accept_from(listening)

    def send(self, data: bytes, target: TcpAddress) -> bool:
        """Send a datagram. Returns False when it is dropped: the connection is closed, or its queue is full."""
        connection = self._connections.get(target)
        if connection is not None and connection.send(data):
            return True
        self._counters["streams_packets_dropped"] += 1
        return False

    def sweep(self) -> None:
        """Close connections that are a stranger's for too long, silent, or too slow. Call it once a second: it also renews the number of
        connections that may be accepted."""
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
        """Close the listening sockets and all connections."""
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
            except OSError as error:  # mostly out of file descriptors: without a pause the loop would retry at once
                log.warning("cannot accept TCP connections, trying again in %g s: %s", PAUSE, error.strerror)
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
        """Pass a datagram on. Returns False when a stranger sent it and it is not one of the few checks that it may send."""
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
