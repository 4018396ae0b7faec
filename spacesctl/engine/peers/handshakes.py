"""DTLS datagrams wait here and are taken together, once in 20 ms; never in the last moment before a tick, but one for each tick at least.

A step of a handshake takes up to a millisecond (an ECDSA signature), and five hundred people may join at once: the queue is
theirs, the tick is everybody's. Together, because each step after the first finds the code that it needs in the processor's caches:
a join of a storm costs a fifth less, and the tick loses less of what it had there. Whoever comes alone is taken at once, and their
next step waits for `GATHER` at most.
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
"""Seconds from the end of one turn to the next."""
AT_ONCE: Final = 16
"""Steps in a turn before the loop sees to what came meanwhile."""
MAX_QUEUED: Final = 4096
"""Datagrams. DTLS sends again what is dropped here."""


class Handshakes:
    """`take` is called with each (peer name, datagram) in order; `until` tells when the next tick is due."""

    def __init__(self, take: Callable[[str, bytes], None], until: Callable[[], float]) -> None:
        self.dropped = 0
        self._take = take
        self._until = until
        self._queue: deque[tuple[str, bytes]] = deque()
        self._armed = False
        self._next = 0.0  # when the next turn may begin
        self._served = 0.0  # the tick before which a step was taken last

    def put(self, peer: str, datagram: bytes) -> None:
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
            self._arm(max(left, 0.0) + GUARD)  # the tick comes first
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
