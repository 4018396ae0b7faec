"""A Space as live Ogg: joined at any moment, shared bytes, bounded, on time. PyAV reads it."""

from __future__ import annotations

import io

import av
import pytest

from spacesctl.audio.ogg import SILENCE, read_packets
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.broadcast import MOST_PAGES, MOST_SILENCE, PAGE_TICKS, Broadcast, PageFeed
from spacesctl.live.tracks import LONG_SILENCE
from tests.live.test_tracks import SOUND

pytestmark = pytest.mark.anyio


def say(broadcast: Broadcast, ticks: range) -> None:
    for tick in ticks:
        broadcast.add(Frames("space", tick, [], [(Output.AUDIENCE, SOUND[tick % 50]), (Output.STAGE, b"no")]))


async def everything(feed: PageFeed) -> bytes:
    parts = []
    while (part := await feed.next()) is not None:
        parts.append(part)
    return b"".join(parts)


def ticks_of(file: bytes) -> list[bytes]:
    found = []
    for packet in read_packets(file):
        found += [SILENCE] * 6 if packet == LONG_SILENCE else [packet]
    return found


async def test_a_listener_joins_in_the_middle_and_hears_from_the_next_page_on() -> None:
    broadcast = Broadcast()
    early = broadcast.join()
    say(broadcast, range(30))
    late = broadcast.join()
    say(broadcast, range(30, 100))
    broadcast.close()
    heard = [await everything(early), await everything(late)]
    assert ticks_of(heard[0]) == [SOUND[n % 50] for n in range(100)]
    assert ticks_of(heard[1]) == [SOUND[n % 50] for n in range(25, 100)]
    for file, seconds in zip(heard, (2.0, 1.5), strict=True):
        with av.open(io.BytesIO(file), "r") as container:
            assert sum(frame.samples for frame in container.decode(audio=0)) / 48_000 == pytest.approx(
                seconds, abs=0.02
            )


async def test_all_are_handed_the_same_page() -> None:
    broadcast = Broadcast()
    feeds = [broadcast.join() for _ in range(3)]
    for feed in feeds:
        await feed.next()
    say(broadcast, range(PAGE_TICKS))
    pages = [feed._pages[0] for feed in feeds]
    assert pages[0] is pages[1] is pages[2]


async def test_skipped_ticks_are_silence_and_a_long_gap_is_left_out() -> None:
    broadcast = Broadcast()
    feed = broadcast.join()
    say(broadcast, range(10))
    say(broadcast, range(20, 30))
    say(broadcast, range(30 + MOST_SILENCE + 1, 40 + MOST_SILENCE + 1))
    broadcast.close()
    heard = ticks_of(await everything(feed))
    assert heard[10:20] == [SILENCE] * 10
    assert len(heard) == 40


async def test_a_tick_that_comes_again_is_not_heard_twice() -> None:
    broadcast = Broadcast()
    feed = broadcast.join()
    say(broadcast, range(10))
    say(broadcast, range(5, 12))
    broadcast.close()
    assert len(ticks_of(await everything(feed))) == 12


async def test_a_slow_reader_is_cut_off_and_holds_no_more_than_ten_seconds() -> None:
    broadcast = Broadcast()
    slow, quick = broadcast.join(), broadcast.join()
    for page in range(MOST_PAGES * 2):
        say(broadcast, range(page * PAGE_TICKS, (page + 1) * PAGE_TICKS))
        assert len(slow._pages) <= MOST_PAGES
        await quick.next()
    assert (slow.ended, quick.ended) == ("too_slow", None)
    assert await slow.next() is None
