"""A Space as live Ogg Opus over plain HTTP. Pages are made once, and all listeners get the same bytes.

Each listener gets the two header pages and then the pages from now on; granule positions continue for all, as in a
radio stream. Ticks without audio (skipped, or during an engine restart) are filled with silence, so that the stream
keeps the Space's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from spacesctl.audio.ogg import OggOpusWriter
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.tracks import one_tick, silence

PAGE_TICKS = 25
"""Ticks per page, half a second. Players buffer more than that, and each page is one write per listener."""
MOST_PAGES = 20
"""Pages (ten seconds) that a listener may be behind before it is disconnected."""
MOST_SILENCE = 500
"""Ticks. A longer gap is not filled: a player should not play silence for that long."""


class PageFeed:
    """The queue of pages of one listener."""

    def __init__(self, headers: bytes) -> None:
        self._pages = deque([headers])
        self._waiting = asyncio.Event()
        self.ended: str | None = None
        """Why it ended: `too_slow`, or the reason why the session ended. None while it runs."""

    def push(self, page: bytes) -> None:
        """Queue a page. A listener that is too far behind is disconnected."""
        if self.ended is None and len(self._pages) >= MOST_PAGES:
            self.close("too_slow")
        if self.ended is None:
            self._pages.append(page)
            self._waiting.set()

    def close(self, reason: str) -> None:
        """End the feed. With `too_slow`, pages that wait are dropped."""
        if self.ended is None:
            self.ended = reason
            if reason == "too_slow":
                self._pages.clear()
            self._waiting.set()

    async def next(self) -> bytes | None:
        """Wait for pages and return all that are queued, or None at the end."""
        while not self._pages:
            if self.ended is not None:
                return None
            self._waiting.clear()
            await self._waiting.wait()
        waiting = b"".join(self._pages)
        self._pages.clear()
        return waiting


class Broadcast:
    """The stream of one Space. Created for the first listener and dropped after the last."""

    def __init__(self) -> None:
        self._writer = OggOpusWriter()
        self._headers = self._writer.headers()
        self._packets: list[bytes] = []
        self._ticks = 0
        self._expected: int | None = None
        self._feeds: set[PageFeed] = set()

    def __len__(self) -> int:
        return len(self._feeds)

    def join(self) -> PageFeed:
        """Add a listener."""
        feed = PageFeed(self._headers)
        self._feeds.add(feed)
        return feed

    def leave(self, feed: PageFeed) -> None:
        """Remove a listener."""
        self._feeds.discard(feed)

    def close(self) -> None:
        """End the stream: send the last page, which is marked as such, and close all feeds."""
        page = self._writer.page(self._packets, last=True)
        for feed in self._feeds:
            feed.push(page)
            feed.close("ended")

    def add(self, message: Frames) -> None:
        """Take one tick of the audience mix."""
        for group, payload in message.mixes:
            if group == Output.AUDIENCE and (self._expected is None or message.tick >= self._expected):
                self._take(message.tick, payload)

    def _take(self, tick: int, payload: bytes) -> None:
        missing = tick - self._expected if self._expected is not None else 0
        self._expected = tick + 1
        for packet in self._filled(missing if missing <= MOST_SILENCE else 0, payload):
            self._packets.append(packet)
        self._ticks += 1 + (missing if missing <= MOST_SILENCE else 0)
        if self._ticks >= PAGE_TICKS:
            page = self._writer.page(self._packets)
            self._packets, self._ticks = [], 0
            for feed in self._feeds:
                feed.push(page)

    def _filled(self, missing: int, payload: bytes) -> Iterator[bytes]:
        yield from silence(missing)
        yield one_tick(payload)
