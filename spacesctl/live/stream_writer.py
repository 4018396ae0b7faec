"""The one writer of event streams, and of players' pages (`page_channel`). A message is framed once, and the same bytes are written to all
sockets of a view, some of them in each turn of the event loop, so that everything else gets its turn in between.

A pass writes what came up to its start to all who were there at its start; meanwhile messages gather for the next pass. So they
coalesce by themselves when there is much to do, and nobody waits for a slow reader: what it has not read stays with its socket up to a
limit, and beyond that it is ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from spacesctl.live.event_views import STILL_HERE
from spacesctl.live.subscriber import Subscriber

SLICE: Final = 100
"""Sockets that are written in one turn of the event loop, which takes about a millisecond."""
SLICE_BYTES: Final = 1 << 20
"""Bytes that are written in one turn; of large messages to fewer sockets."""
PASS_BYTES: Final = 1 << 16
"""Bytes that one pass writes to each socket, or one message if it is larger."""
ENDS: Final = 10
"""Streams that are ended in one turn: each wakes its request, which has more to do than to write."""
MOST_PENDING: Final = 4_096
"""Messages that may gather. Beyond that the server is far too slow, and streams are ended: they resume from the store."""
HEARTBEAT: Final = 2.0
"""Seconds of silence after which a comment line is sent: it keeps proxies from closing the stream."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks for silent streams."""

_log = structlog.get_logger()


class Framed:
    """Messages as they are written: `plain` for HTTP/1.0, or as one chunk (RFC 9112, 7.1)."""

    __slots__ = ("chunk", "plain")

    def __init__(self, messages: Iterable[bytes]) -> None:
        self.plain = b"".join(messages)
        self.chunk = b"%x\r\n%b\r\n" % (len(self.plain), self.plain)


class Turns(Protocol):
    """What has something to write to many sockets, some of them in each turn."""

    def write_some(self, part: float) -> float:
        """Write; `part` is how much of a turn is left. Returns how much it took."""

    def rests(self) -> bool:
        """Whether there is nothing more to write; it asks for a turn again when there is."""


class StreamWriter:
    """Gives the channels their turns. Everything happens in the event loop in which messages are published."""

    def __init__(self) -> None:
        self.too_slow = 0
        """Streams that were ended because their reader was too slow."""
        self._busy: deque[Turns] = deque()
        self._followed: set[Channel] = set()
        self._look: asyncio.TimerHandle | None = None

    def wants(self, channel: Turns) -> None:
        """The channel has something to write. Called when it had nothing before."""
        if not self._busy:
            asyncio.get_running_loop().call_soon(self._turn)
        self._busy.append(channel)

    def follow(self, channel: Channel) -> None:
        """The channel has streams, which must not be silent for too long."""
        self._followed.add(channel)
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(LOOK_EVERY, self._beat)

    def _turn(self) -> None:
        left = 1.0
        while self._busy and left > 0:
            channel = self._busy[0]
            left -= channel.write_some(left)
            self._busy.popleft()
            if not channel.rests():
                self._busy.append(channel)
        if self._busy:
            asyncio.get_running_loop().call_soon(self._turn)

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        self._followed = {channel for channel in self._followed if channel.beat(loop.time())}
        self._look = loop.call_later(LOOK_EVERY, self._beat) if self._followed else None


class Channel:
    """The streams of one view of one Space that have a sink. They all get the same, from when they joined."""

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer
        self._members: dict[Subscriber, None] = {}
        self._joining: dict[Subscriber, int] = {}
        """Those who have so many of the pending messages already, or had a replay of events that are yet to be published."""
        self._pending: list[tuple[int, bytes]] = []
        self._framed = Framed(())
        self._targets: list[Subscriber] = []
        self._at = 0
        self._over = self._ending = self._waits = False
        self._last = 0.0

    @property
    def _is_followed(self) -> bool:
        return bool(self._members or self._joining)

    def join(self, one: Subscriber, queued: bytes) -> None:
        """Write to this stream from now on, first what it had queued."""
        if not self._is_followed:
            self._last = asyncio.get_running_loop().time()
        if queued:
            self._write(one, Framed((queued,)))
        if self._pending or one.seen:
            self._joining[one] = len(self._pending)
        else:
            self._members[one] = None
        self._writer.follow(self)

    def leave(self, one: Subscriber) -> None:
        """Forget a stream that ended."""
        self._members.pop(one, None)
        self._joining.pop(one, None)

    def publish(self, message: bytes, seq: int = 0) -> None:
        """Write a message to all; `seq` is its number if it is durable."""
        if not self._is_followed:
            return
        if len(self._pending) >= MOST_PENDING:
            self._pending.clear()
            for one in (*self._members, *self._joining):
                self._drop(one)
            return
        self._pending.append((seq, message))
        self._want()

    def tell(self, one: Subscriber, message: bytes) -> None:
        """Write a message to one stream alone, at once: it comes before what is pending."""
        self._write(one, Framed((message,)))

    def finish(self) -> None:
        """End all streams after what was published."""
        if self._is_followed:
            self._over = True
            self._want()

    def beat(self, now: float) -> bool:
        """Send a comment if nothing was sent for a while. False: it has no streams."""
        if now - self._last >= HEARTBEAT:
            self.publish(STILL_HERE)
        return self._is_followed

    def write_some(self, part: float) -> float:
        """Go on with the pass, or begin the next one; `part` is how much of a turn is left. Returns how much it took."""
        if self._at >= len(self._targets):
            self._begin()
        most = ENDS if self._ending else max(1, min(SLICE, SLICE_BYTES // max(1, len(self._framed.plain))))
        slice_ = self._targets[self._at : self._at + max(1, int(part * most))]
        for one in slice_:
            if self._ending:
                one.close()
            elif not one.closed:
                self._write(one, self._framed)
        self._at += len(slice_)
        if self._at >= len(self._targets):
            self._targets = []  # nothing holds those who left
        return max(1, len(slice_)) / most

    def rests(self) -> bool:
        """Whether there is nothing more to write; it asks for a turn again when there is."""
        self._waits = bool(self._targets or self._pending or self._over)
        return not self._waits

    def _want(self) -> None:
        if not self._waits:
            self._waits = True
            self._writer.wants(self)

    def _begin(self) -> None:
        """Begin a pass: with what is pending, or with the end of all streams."""
        self._at = 0
        self._ending = self._over and not self._pending
        if self._ending:
            self._over = False
            self._targets = [*self._members, *self._joining]
            return
        taken = self._taken()
        if not taken:
            return
        self._targets = list(self._members)
        self._framed = Framed([message for _, message in taken])
        self._last = asyncio.get_running_loop().time()
        for one, had in list(self._joining.items()):
            self._catch_up(one, had, taken)

    def _taken(self) -> list[tuple[int, bytes]]:
        size = count = 0
        for _, message in self._pending:
            size += len(message)
            if count and size > PASS_BYTES:
                break
            count += 1
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def _catch_up(self, one: Subscriber, had: int, taken: list[tuple[int, bytes]]) -> None:
        """Write to a stream that joined what it has not got of this pass. From the next one on it may be like the others."""
        rest = [message for seq, message in taken[had:] if seq == 0 or seq > one.seen]
        if rest and not one.closed:
            self._write(one, Framed(rest))
        if had <= len(taken) and any(seq > one.seen for seq, _ in taken):
            one.seen = 0
        if one.closed or had > len(taken) or one.seen:
            self._joining[one] = max(0, had - len(taken))
        else:
            del self._joining[one]
            self._members[one] = None

    def _write(self, one: Subscriber, framed: Framed) -> None:
        sink = one.sink
        assert sink is not None  # for the type checker
        try:
            if not sink.write(framed.chunk if sink.chunked else framed.plain):
                self._drop(one)
        except Exception as error:  # of one connection, which is no reason for the others to go without
            _log.error("an event stream cannot be written", kind=type(error).__name__, exc_info=error)
            one.drop()

    def _drop(self, one: Subscriber) -> None:
        self._writer.too_slow += 1
        one.drop()
