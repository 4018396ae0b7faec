"""The players of one Space that have a sink. A page is framed once, and the one writer writes it to some of them in each of its turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import structlog

from spacesctl.live.page_feed import PageFeed
from spacesctl.live.stream_writer import SLICE, Framed, StreamWriter

MOST_PASSES: Final = 20
"""Pages that may wait for their turn. Beyond that the server is far too slow, and a page is left out: players go on after the hole."""

_log = structlog.get_logger()


class PageChannel:
    """Each page goes to the players that were there when it was made: who comes later got it at the start."""

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer
        self._passes: deque[tuple[Framed, list[PageFeed], bool]] = deque()
        self._at = 0

    def publish(self, page: bytes, feeds: Iterable[PageFeed], *, last: bool = False) -> None:
        """Write a page to these feeds, which have a sink; after the last one they end."""
        targets = list(feeds)
        if not targets or (len(self._passes) >= MOST_PASSES and not last):
            return
        self._passes.append((Framed((page,)), targets, last))
        if len(self._passes) == 1:
            self._writer.wants(self)

    def write_some(self, part: float) -> float:
        """Go on with the first page; `part` is how much of a turn is left. Returns how much it took."""
        framed, targets, last = self._passes[0]
        slice_ = targets[self._at : self._at + max(1, int(part * SLICE))]
        for feed in slice_:
            _write(feed, framed)
            if last:
                feed.close("ended")
        self._at += len(slice_)
        if self._at >= len(targets):
            self._passes.popleft()
            self._at = 0
        return len(slice_) / SLICE

    def rests(self) -> bool:
        """Whether there is nothing more to write."""
        return not self._passes


def _write(feed: PageFeed, framed: Framed) -> None:
    try:
        feed.write(framed)
    except Exception as error:  # of one connection, which is no reason for the others to go without
        _log.error("a page cannot be written", kind=type(error).__name__, exc_info=error)
        feed.close("too_slow")
