"""A Space as live Ogg Opus over plain HTTP. Pages are made once, and all players get the same bytes.

Each player gets the headers, a burst of the last seconds, and then the pages from now on; granule positions continue for all, as in a
radio stream. Ticks without audio (skipped, or during an engine restart) are filled with silence, so that the stream keeps the Space's
time. The first player's burst is silence, since nothing was made before it came.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from spacesctl.audio.ogg import HEADER_PAGES, SILENCE, OggOpusWriter
from spacesctl.audio.opus_padding import padded
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.page_channel import PageChannel
from spacesctl.live.page_feed import PageFeed
from spacesctl.live.stream_writer import StreamWriter
from spacesctl.live.tracks import one_tick
from spacesctl.support.text import one_line

PAGE_TICKS: Final = 25
"""Ticks per page, half a second. Players buffer more than that, and each page is one write per player."""
BURST_PAGES: Final = 10
"""Pages that a player gets at once, five seconds. Chromium sees what it loads in blocks of 32 KiB, which `FLOOR` fills in four seconds."""
FLOOR: Final = 160
"""Bytes that a packet has at least: 64 kb/s. Smaller ones are padded, or Chromium would wait for minutes when nobody speaks."""
MOST_SILENCE: Final = 500
"""Ticks. A longer gap is not filled: a player should not play silence for that long."""
MOST_TITLE: Final = 200
"""Characters of the title that players show."""

_QUIET: Final = padded(SILENCE, FLOOR)


class Broadcast:
    """The stream of one Space. Created for the first player and dropped after the last. It must be created in the event loop."""

    def __init__(self, writer: StreamWriter | None = None) -> None:
        self._ogg = OggOpusWriter()
        self._ogg.pages = HEADER_PAGES  # every player gets its own
        self._recent = deque((self._ogg.page([_QUIET] * PAGE_TICKS) for _ in range(BURST_PAGES)), BURST_PAGES)
        self._packets: list[bytes] = []
        self._expected: int | None = None
        self._feeds: set[PageFeed] = set()
        self._channel = PageChannel(writer or StreamWriter())

    def __len__(self) -> int:
        return len(self._feeds)

    def join(self, title: str) -> PageFeed:
        """Add a player, which shows this title."""
        feed = PageFeed(b"".join((self._ogg.headers({"TITLE": one_line(title)[:MOST_TITLE]}), *self._recent)))
        self._feeds.add(feed)
        return feed

    def leave(self, feed: PageFeed) -> None:
        """Remove a player."""
        self._feeds.discard(feed)

    def close(self) -> None:
        """End the stream: send the last page, which is marked as such, and end all feeds after it."""
        page = self._ogg.page(self._packets, last=True)
        self._packets = []
        self._send(page, last=True)

    def add(self, message: Frames) -> None:
        """Take one tick of the audience mix."""
        for group, payload in message.mixes:
            if group == Output.AUDIENCE and (self._expected is None or message.tick >= self._expected):
                self._take(message.tick, payload)

    def _take(self, tick: int, payload: bytes) -> None:
        missing = tick - self._expected if self._expected is not None else 0
        self._expected = tick + 1
        self._packets += [_QUIET] * (missing if missing <= MOST_SILENCE else 0)
        self._packets.append(padded(one_tick(payload), FLOOR))
        full = len(self._packets) // PAGE_TICKS * PAGE_TICKS
        if full:
            pages = [self._ogg.page(self._packets[at : at + PAGE_TICKS]) for at in range(0, full, PAGE_TICKS)]
            del self._packets[:full]
            self._recent.extend(pages)
            self._send(b"".join(pages))

    def _send(self, page: bytes, *, last: bool = False) -> None:
        written = []
        for feed in self._feeds:
            if feed.sink is not None:
                written.append(feed)
                continue
            feed.push(page)
            if last:
                feed.close("ended")
        self._channel.publish(page, written, last=last)
