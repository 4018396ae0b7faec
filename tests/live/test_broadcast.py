"""A Space as live Ogg: joined at any moment, shared bytes, bounded, on time. PyAV reads it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket

import av
import pytest

from spacesctl.audio.ogg import SILENCE, TICK_SAMPLES, packet_samples, read_packets
from spacesctl.audio.opus_padding import padded
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.broadcast import BURST_PAGES, FLOOR, MOST_SILENCE, PAGE_TICKS, Broadcast
from spacesctl.live.page_channel import MOST_PASSES
from spacesctl.live.page_feed import MOST_PAGES, MOST_UNSENT, PageFeed
from spacesctl.live.stream_writer import SLICE, StreamWriter
from tests.live.test_tracks import SOUND

pytestmark = pytest.mark.anyio
QUIET = padded(SILENCE, FLOOR)
BURST = BURST_PAGES * PAGE_TICKS


def say(broadcast: Broadcast, ticks: range) -> None:
    for tick in ticks:
        broadcast.add(Frames("space", tick, [], [(Output.AUDIENCE, SOUND[tick % 50]), (Output.STAGE, b"no")]))


async def everything(feed: PageFeed) -> bytes:
    parts = []
    while (part := await feed.next()) is not None:
        parts.append(part)
    return b"".join(parts)


async def all_that_waits(feed: PageFeed) -> bytes:
    return await feed.next() or b""


def ticks_of(file: bytes) -> list[bytes]:
    """The packets after the silence with which a first player begins."""
    packets = list(read_packets(file))
    assert {packet_samples(packet) for packet in packets} == {TICK_SAMPLES}
    while packets and packets[0] == QUIET:
        del packets[0]
    return packets


def spoken(ticks: range) -> list[bytes]:
    return [padded(SOUND[n % 50], FLOOR) for n in ticks]


class Socket:
    """A sink that keeps what it is given; `unsent` is what its reader has not read."""

    def __init__(self, *, chunked: bool = True) -> None:
        self.chunked, self.unsent = chunked, 0
        self.got: list[bytes] = []
        self.told: list[str] = []

    def write(self, data: bytes, most: int = 0) -> bool:
        if self.unsent > most:
            return False
        self.got.append(data)
        return True

    def clear(self) -> int:
        return -1

    def wake(self) -> None:
        self.told.append("wake")

    def abort(self) -> None:
        self.told.append("abort")


async def test_a_listener_joins_in_the_middle_and_hears_from_five_seconds_before_its_last_page_on() -> None:
    broadcast = Broadcast()
    early = broadcast.join("A")
    say(broadcast, range(310))
    late = broadcast.join("A")
    say(broadcast, range(310, 400))
    broadcast.close()
    heard = [await everything(early), await everything(late)]
    assert ticks_of(heard[0]) == spoken(range(400))
    assert ticks_of(heard[1]) == spoken(range(300 - BURST, 400))
    for file, seconds in zip(heard, (13.0, 7.0), strict=True):
        with av.open(io.BytesIO(file), "r") as container:
            assert sum(frame.samples for frame in container.decode(audio=0)) / 48_000 == pytest.approx(
                seconds, abs=0.02
            )


async def test_the_granule_positions_of_a_late_player_are_those_of_all() -> None:
    broadcast = Broadcast()
    say(broadcast, range(500))
    with av.open(io.BytesIO(await all_that_waits(broadcast.join("A"))), "r") as container:
        assert container.streams.audio[0].start_time == 500 * TICK_SAMPLES


@pytest.mark.parametrize("quiet", [SILENCE, b"\xf8", b"\x0b\xe4"], ids=["silence", "only a TOC", "DTX"])
async def test_a_player_gets_a_block_of_chromium_at_once_and_64_kb_a_second_when_nobody_speaks(quiet: bytes) -> None:
    broadcast = Broadcast()
    feed = broadcast.join("A")
    assert len(await all_that_waits(feed)) > 32_768
    for tick in range(PAGE_TICKS):
        broadcast.add(Frames("space", tick, [], [(Output.AUDIENCE, quiet)]))
    assert len(await all_that_waits(feed)) >= 64_000 / 8 * PAGE_TICKS * 0.02


async def test_the_title_is_that_of_the_space_in_one_clean_line() -> None:
    broadcast = Broadcast()
    for title, shown in (("Ä\x1b[2J\nb", "Ä\ufffd[2J b"), ("x" * 999, "x" * 200)):
        with av.open(io.BytesIO(await all_that_waits(broadcast.join(title))), "r") as container:
            tags = {**container.metadata, **container.streams.audio[0].metadata}
        assert {name.upper(): text for name, text in tags.items()}["TITLE"] == shown


async def test_all_are_handed_the_same_page() -> None:
    broadcast = Broadcast()
    feeds = [broadcast.join("A") for _ in range(3)]
    for feed in feeds:
        await feed.next()
    say(broadcast, range(PAGE_TICKS))
    pages = [feed._pages[0] for feed in feeds]
    assert pages[0] is pages[1] is pages[2]


async def test_skipped_ticks_are_silence_and_a_long_gap_is_left_out() -> None:
    broadcast = Broadcast()
    feed = broadcast.join("A")
    say(broadcast, range(10))
    say(broadcast, range(20, 30))
    say(broadcast, range(30 + MOST_SILENCE + 1, 40 + MOST_SILENCE + 1))
    broadcast.close()
    heard = ticks_of(await everything(feed))
    assert heard[10:20] == [QUIET] * 10
    assert len(heard) == 40


async def test_a_tick_that_comes_again_is_not_heard_twice() -> None:
    broadcast = Broadcast()
    feed = broadcast.join("A")
    say(broadcast, range(10))
    say(broadcast, range(5, 12))
    broadcast.close()
    assert len(ticks_of(await everything(feed))) == 12


async def test_a_slow_reader_is_cut_off_and_holds_no_more_than_ten_seconds() -> None:
    broadcast = Broadcast()
    slow, quick = broadcast.join("A"), broadcast.join("A")
    for page in range(MOST_PAGES * 2):
        say(broadcast, range(page * PAGE_TICKS, (page + 1) * PAGE_TICKS))
        assert len(slow._pages) <= MOST_PAGES
        await quick.next()
    assert (slow.ended, quick.ended) == ("too_slow", None)
    assert await slow.next() is None


async def test_a_player_with_a_sink_gets_what_was_queued_and_then_each_page_once() -> None:
    broadcast = Broadcast()
    feeds = [broadcast.join("A") for _ in range(3)]
    sinks = [Socket(), Socket(chunked=False), Socket()]
    say(broadcast, range(30))
    for feed, sink in zip(feeds[:2], sinks, strict=False):
        feed.hand_over(sink)
    say(broadcast, range(30, 60))
    feeds[2].hand_over(sinks[2])  # before the writer has its turn
    await asyncio.sleep(0)
    say(broadcast, range(60, 80))
    broadcast.close()
    assert [sink.told for sink in sinks] == [[], [], []], "their last page is not written yet"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [sink.told for sink in sinks] == [["wake"]] * 3
    plain = b"".join(sinks[1].got)
    assert [unchunked(b"".join(sink.got)) for sink in (sinks[0], sinks[2])] == [plain, plain]
    assert ticks_of(plain) == spoken(range(80))


async def test_one_turn_of_the_writer_writes_to_some_players_only() -> None:
    broadcast = Broadcast(StreamWriter())
    sinks = [Socket() for _ in range(2 * SLICE + 1)]
    for sink in sinks:
        broadcast.join("A").hand_over(sink)
    say(broadcast, range(PAGE_TICKS))
    written = []
    for _ in range(3):
        await asyncio.sleep(0)
        written.append(sum(len(sink.got) == 2 for sink in sinks))
    assert written == [SLICE, 2 * SLICE, 2 * SLICE + 1]


async def test_a_player_that_does_not_read_or_breaks_is_cut_off_and_the_others_play_on() -> None:
    broadcast = Broadcast()
    sinks = [Socket(), Socket(), Socket()]
    feeds = [broadcast.join("A") for _ in sinks]
    for feed, sink in zip(feeds, sinks, strict=True):
        feed.hand_over(sink)
    sinks[0].unsent = MOST_UNSENT + 1
    sinks[1].write = broken  # type: ignore[method-assign]
    say(broadcast, range(PAGE_TICKS))
    await asyncio.sleep(0)
    assert [feed.ended for feed in feeds] == ["too_slow", "too_slow", None]
    assert [sink.told for sink in sinks] == [["abort"], ["abort"], []]
    assert len(sinks[2].got) == 2


class Clear(Socket):
    """A sink with a true socket, to which may be written past it."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)

    def clear(self) -> int:
        return self.near.fileno()


async def test_what_a_socket_does_not_take_at_once_goes_through_its_sink() -> None:
    broadcast = Broadcast()
    sinks = [Clear(), Clear(), Clear(), Clear()]
    free, full, gone, nearly = sinks
    for sink in sinks:
        broadcast.join("A").hand_over(sink)
        sink.got.clear()
    for sink, room in ((full, 0), (nearly, 1000)):
        with contextlib.suppress(BlockingIOError):
            while True:
                sink.near.send(bytes(1 << 12))
        sink.far.recv(room) if room else None
    gone.far.close()
    say(broadcast, range(PAGE_TICKS))
    await asyncio.sleep(0)
    page = free.far.recv(1 << 16)
    assert unchunked(page)[:4] == b"OggS"
    assert [sink.got for sink in (free, full, gone)] == [[], [page], [page]]
    assert page.endswith(b"".join(nearly.got))
    for sink in sinks:
        sink.near.close()
        sink.far.close()


def broken(data: bytes, most: int = 0) -> bool:
    raise RuntimeError("broken")


async def test_pages_that_nobody_writes_in_time_are_left_out() -> None:
    broadcast = Broadcast()
    sink = Socket()
    broadcast.join("A").hand_over(sink)
    say(broadcast, range(3 * MOST_PASSES * PAGE_TICKS))
    for _ in range(2 * MOST_PASSES):
        await asyncio.sleep(0)
    assert len(sink.got) == 1 + MOST_PASSES


def unchunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        assert rest[length : length + 2] == b"\r\n"
        data = rest[length + 2 :]
    return b"".join(parts)
