"""The pages of one player: first they are queued, and then, if it has a socket, they are written there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from spacesctl.live.stream_writer import Framed
from spacesctl.live.subscriber import Sink

MOST_PAGES: Final = 20
"""Pages (ten seconds) that a player without a sink may be behind before it is disconnected."""
MOST_UNSENT: Final = 1 << 17
"""Bytes that may wait for a player besides what the kernel holds: the burst at the start and ten seconds more."""


class PageFeed:
    """What one player gets; `first` are the headers and the burst."""

    def __init__(self, first: bytes) -> None:
        self.sink: Sink | None = None
        """Where pages are written; None while they are queued."""
        self.ended: str | None = None
        """Why it ended: `too_slow`, or the reason why the session ended. None while it runs."""
        self.clear: Callable[[], int] = _never
        """The descriptor to which a chunk may be written itself, or -1 (`Sink.clear`)."""
        self._pages = deque([first])
        self._waiting = asyncio.Event()

    def push(self, page: bytes) -> None:
        """Queue a page. A player that is too far behind is disconnected."""
        if self.ended is None and len(self._pages) >= MOST_PAGES:
            self.close("too_slow")
        if self.ended is None:
            self._pages.append(page)
            self._waiting.set()

    def hand_over(self, sink: Sink) -> None:
        """From now on pages go to `sink`, first those that are queued."""
        self.sink = sink
        if sink.chunked:
            self.clear = sink.clear
        queued = Framed(self._pages)
        self._pages.clear()
        if queued.plain:
            sink.write(queued.chunk if sink.chunked else queued.plain)

    def write(self, framed: Framed) -> None:
        """Write to the sink. A player that has read too little is disconnected."""
        sink = self.sink
        if sink is None or self.ended is not None:
            return
        if not sink.write(framed.chunk if sink.chunked else framed.plain, MOST_UNSENT):
            self.close("too_slow")

    def finish(self, rest: bytes) -> None:
        """Write to the sink what `clear` did not take."""
        if self.sink is not None:
            self.sink.write(rest)

    def close(self, reason: str) -> None:
        """End the feed. With `too_slow`, what waits is dropped, and a connection is ended."""
        if self.ended is not None:
            return
        self.ended = reason
        if reason == "too_slow":
            self._pages.clear()
        if self.sink is None:
            self._waiting.set()
        elif reason == "too_slow":
            self.sink.abort()
        else:
            self.sink.wake()

    async def next(self) -> bytes | None:
        """Wait for pages and return all that are queued, or None at the end. For a feed without a sink."""
        while not self._pages:
            if self.ended is not None:
                return None
            self._waiting.clear()
            await self._waiting.wait()
        waiting = b"".join(self._pages)
        self._pages.clear()
        return waiting


def _never() -> int:
    return -1
