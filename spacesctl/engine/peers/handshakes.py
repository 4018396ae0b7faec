"""A queue for DTLS datagrams, processed in batches every 20 ms. None is processed right before a tick, but at least one per tick.

A step of a handshake takes up to a millisecond (an ECDSA signature), and five hundred people may join at once. They wait in this queue
so that the tick, which serves everybody, is not delayed. Steps are processed in batches because each one after the first finds its code
in the processor's caches: when many join at once, a join costs a fifth less, and the tick loses less of its own cached data. A single
datagram is processed at once; the next one waits for `GATHER` at most.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

GUARD: Final = 0.0015
"""Seconds before a tick in which no step begins."""
GATHER: Final = 0.02
"""Seconds from the end of one batch to the next."""
AT_ONCE: Final = 16
"""Steps processed before the event loop handles other events."""
MAX_QUEUED: Final = 4096
"""Datagrams that may wait. Further ones are dropped; DTLS sends them again."""


class Handshakes:
    """Calls `take` with each (peer name, datagram) in order. `until` returns when the next tick is due, in monotonic seconds."""

    def __init__(self, take: Callable[[str, bytes], None], until: Callable[[], float]) -> None:
        self.dropped = 0
        self._take = take
        self._until = until
        self._queue: deque[tuple[str, bytes]] = deque()
        self._armed = False
        self._next = 0.0  # when the next batch may begin
        self._served = 0.0  # when the tick was due before which the last step was processed

    def put(self, peer: str, datagram: bytes) -> None:
        """Queue a peer's datagram; when the queue is full, drop and count it."""
        if len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
            return
        self._queue.append((peer, datagram))
        if not self._armed:
            self._arm(self._next - time.monotonic())

    def _arm(self, delay: float) -> None:
        self._armed = True
        loop = asyncio.get_running_loop()
        if delay > 0:
            loop.call_later(delay, self._turn)
        else:
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._armed = False
        due = self._until()
        left = due - time.monotonic()
        if left < GUARD and due == self._served:
            self._arm(max(left, 0.0) + GUARD)  # continue after the tick
            return
        self._served = due
        try:
            for _ in range(min(len(self._queue), AT_ONCE)):
                self._take(*self._queue.popleft())
                if time.monotonic() > due - GUARD:
                    break
        finally:
            if self._queue:
                self._arm(0.0)
            else:
                self._next = time.monotonic() + GATHER
