"""DTLS datagrams wait here and are taken one at a time, never in the last moment before a tick, but one for each tick at least.

A step of a handshake takes up to a millisecond (an ECDSA signature), and five hundred people may join at once: the queue is
theirs, the tick is everybody's.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

GUARD: Final = 0.0015
"""Seconds before a tick in which no step begins."""
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
        self._served = 0.0  # the tick before which a step was taken last

    def put(self, peer: str, datagram: bytes) -> None:
        if len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
            return
        self._queue.append((peer, datagram))
        self._arm(0.0)

    def _arm(self, delay: float) -> None:
        if not self._armed and self._queue:
            self._armed = True
            loop = asyncio.get_running_loop()
            if delay:
                loop.call_later(delay, self._step)
            else:
                loop.call_soon(self._step)

    def _step(self) -> None:
        self._armed = False
        due = self._until()
        left = due - time.monotonic()
        if left < GUARD and due == self._served:
            self._arm(max(left, 0.0) + GUARD)  # the tick comes first
            return
        self._served = due
        if self._queue:
            self._take(*self._queue.popleft())
        self._arm(0.0)
