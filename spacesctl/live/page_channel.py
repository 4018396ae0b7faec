"""The players of one Space that have a sink. A page is framed once, and the one writer writes it to some of them in each of its turns."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from itertools import repeat
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
        self._passes: deque[tuple[Framed, Sequence[PageFeed], bool]] = deque()
        self._at = 0

    def publish(self, page: bytes, targets: Sequence[PageFeed], *, last: bool = False) -> None:
        """Write a page to these, which have a sink; after the last one they end."""
        if not targets or (len(self._passes) >= MOST_PASSES and not last):
            return
        self._passes.append((Framed((page,)), targets, last))
        if len(self._passes) == 1:
            self._writer.wants(self)

    def write_some(self, part: float) -> float:
        """Go on with the first page; `part` is how much of a turn is left. Returns how much it took."""
        framed, targets, last = self._passes[0]
        slice_ = targets[self._at : self._at + max(1, int(part * SLICE))]
        _write_all(slice_, framed)
        if last:
            for feed in slice_:
                feed.close("ended")
        self._at += len(slice_)
        if self._at >= len(targets):
            self._passes.popleft()
            self._at = 0
        return len(slice_) / SLICE

    def rests(self) -> bool:
        """Whether there is nothing more to write."""
        return not self._passes


def _write_all(feeds: Sequence[PageFeed], framed: Framed) -> None:
    """To most of them by one loop in C: a page costs little more than its system call then."""
    ready, files = list[PageFeed](), list[int]()
    for feed in feeds:
        if feed.ended is None and (file := feed.clear()) >= 0:
            ready.append(feed)
            files.append(file)
        else:
            _write(feed, framed)
    size = len(framed.chunk)
    sent = _sent(files, framed.chunk)
    if sent.count(size) < len(sent):
        for feed, count in zip(ready, sent, strict=True):
            if count < size:
                feed.finish(framed.chunk[count:])


def _sent(files: list[int], data: bytes) -> list[int]:
    """Write the same to all of these; how much each has taken."""
    sent = list[int]()
    writes = map(os.write, files, repeat(data))
    while len(sent) < len(files):
        try:
            sent.extend(writes)
        except OSError:  # of the next one: it has no room, or is broken, which its transport finds out
            sent.append(0)
    return sent


def _write(feed: PageFeed, framed: Framed) -> None:
    try:
        feed.write(framed)
    except Exception as error:  # of one connection, which is no reason for the others to go without
        _log.error("a page cannot be written", kind=type(error).__name__, exc_info=error)
        feed.close("too_slow")
