"""A Space as live Ogg Opus over plain HTTP: pages are made once, and everybody who listens is handed the same bytes.

Each listener gets the two header pages and then pages from where the stream is: the granule positions go on for all, as in a radio
station's stream. What nobody encoded (a tick that was skipped, an engine that restarted) is silence, so the stream keeps the Space's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from spacesctl.audio.ogg import OggOpusWriter
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.tracks import one_tick, silence

PAGE_TICKS = 25
"""Half a second a page: a player buffers more than that, and each page is one write for each listener."""
MOST_PAGES = 20
"""Ten seconds that a reader may be behind before it is cut off."""
MOST_SILENCE = 500
"""Ticks. A longer gap is left out: nobody waits for an engine in front of a player."""


class PageFeed:
    """What one listener has yet to be sent."""

    def __init__(self, headers: bytes) -> None:
        self._pages = deque([headers])
        self._waiting = asyncio.Event()
        self.ended: str | None = None
        """Why it is over, once it is: `too_slow`, or what ended the session."""

    def push(self, page: bytes) -> None:
        if self.ended is None and len(self._pages) >= MOST_PAGES:
            self.close("too_slow")
        if self.ended is None:
            self._pages.append(page)
            self._waiting.set()

    def close(self, reason: str) -> None:
        if self.ended is None:
            self.ended = reason
            if reason == "too_slow":
                self._pages.clear()
            self._waiting.set()

    async def next(self) -> bytes | None:
        """All that waits, or None at the end."""
        while not self._pages:
            if self.ended is not None:
                return None
            self._waiting.clear()
            await self._waiting.wait()
        waiting = b"".join(self._pages)
        self._pages.clear()
        return waiting


class Broadcast:
    """The stream of one Space, made when the first listener comes and dropped with the last."""

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
        feed = PageFeed(self._headers)
        self._feeds.add(feed)
        return feed

    def leave(self, feed: PageFeed) -> None:
        self._feeds.discard(feed)

    def close(self) -> None:
        """The Space ends: the last page says so, and whoever has read it is done."""
        page = self._writer.page(self._packets, last=True)
        for feed in self._feeds:
            feed.push(page)
            feed.close("ended")

    def add(self, message: Frames) -> None:
        """A tick of the Space."""
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
