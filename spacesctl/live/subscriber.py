"""One event stream: first it queues its messages, and then, if it has a socket, the writer writes them there."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from spacesctl.domain.admission import Access
from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View, seq_of

QUEUE: Final = 512
"""Messages that a subscriber without a sink may be behind. A slower one is disconnected; it can reconnect with `Last-Event-ID` and
misses no durable event.
"""
MOST_UNSENT: Final = 1 << 18
"""Bytes that a stream's transport may hold, besides what the kernel holds, when the next ones are written."""


class Sink(Protocol):
    """The body of one answer, to which is written without waiting."""

    @property
    def chunked(self) -> bool:
        """Whether it consists of chunks (RFC 9112, 7.1)."""

    def write(self, data: bytes, most: int = MOST_UNSENT) -> bool:
        """Write what is framed already. False, and nothing is written: more than `most` bytes wait for its reader."""

    def clear(self) -> int:
        """The descriptor of its socket if what is written there itself comes after all that `write` was given; otherwise -1."""

    def wake(self) -> None:
        """Tell the request that its stream is closed."""

    def abort(self) -> None:
        """End the connection at once, with what it has not sent."""


class Subscriber:
    """One event stream. `person` is who follows it: it is closed when they may no longer."""

    def __init__(self, view: View, person: Person) -> None:
        self.view = view
        self.person = person
        self.sink: Sink | None = None
        """Where the writer writes it; None while messages are queued."""
        self.closed = False
        self.seen = 0
        """Events up to this number were replayed, and are not sent again."""
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    @property
    def access(self) -> Access:
        """What its person must be admitted to, for as long as it lasts."""
        return Access.STAFF if self.view is View.STAFF else Access.LISTEN

    def push(self, message: bytes, seq: int = 0) -> bool:
        """Queue a message; `seq` is its number if it is durable. False: the queue is full, and the stream is closed."""
        if self.closed or 0 < seq <= self.seen:
            return True
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close()
            return False
        return True

    def replayed(self, seq: int) -> None:
        """Its reader has all events up to `seq` from the store: those that wait here, or are published later, are left out."""
        self.seen = seq
        for message in self._drained():
            if message is None or seq_of(message) > seq:
                self._queue.put_nowait(message)

    def hand_over(self, sink: Sink) -> bytes:
        """From now on messages go to `sink`. Returns what was queued."""
        self.sink = sink
        queued = b"".join(message for message in self._drained() if message is not None)
        self._queue = _NONE
        return queued

    def close(self) -> None:
        """End the stream. Unread messages are dropped; durable events are in the store."""
        self.closed = True
        if self.sink is not None:
            self.sink.wake()
            return
        self._drained()
        self._queue.put_nowait(None)

    def drop(self) -> None:
        """End the stream and its connection: its reader is too slow to see an end."""
        self.closed = True
        if self.sink is not None:
            self.sink.abort()

    def finish(self) -> None:
        """End a stream without a sink after what is queued."""
        self.closed = True
        if self._queue.full():
            self._queue.get_nowait()  # too slow to see the end: it is in the store
        self._queue.put_nowait(None)

    async def next(self, timeout: float) -> bytes | None:
        """The next message; b"" when none arrived within `timeout` seconds, None at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._queue.get()
        except TimeoutError:
            return b""

    def _drained(self) -> list[bytes | None]:
        return [self._queue.get_nowait() for _ in range(self._queue.qsize())]


_NONE: Final[asyncio.Queue[bytes | None]] = asyncio.Queue(1)
"""Stands for the queue of every stream that has none any more: nothing is put there."""
