"""The one writer of event streams: what each stream gets, and how much is done in one turn of the event loop."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref

import pytest
from structlog.testing import capture_logs

from spacesctl.api.events import Levels
from spacesctl.domain.principals import ANONYMOUS
from spacesctl.live import stream_writer
from spacesctl.live.event_views import STILL_HERE, View
from spacesctl.live.hub import Hub
from spacesctl.live.stream_writer import ENDS, HEARTBEAT, MOST_PENDING, PASS_BYTES, SLICE, SLICE_BYTES, StreamWriter
from spacesctl.live.subscriber import Subscriber

pytestmark = pytest.mark.anyio
TURNS = 2_000


class Body:
    """A sink that keeps what is written, in memory."""

    def __init__(self, *, chunked: bool = False, holds: int = 1 << 40) -> None:
        self.chunked, self.holds = chunked, holds
        self.writes: list[bytes] = []
        self.woken = self.aborted = 0

    @property
    def data(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: bytes, most: int = 0) -> bool:
        if sum(map(len, self.writes)) > self.holds:
            return False
        self.writes.append(data)
        return True

    def clear(self) -> int:
        return -1

    def wake(self) -> None:
        self.woken += 1

    def abort(self) -> None:
        self.aborted += 1


class Stage:
    """A hub without a Space: numbered messages to the audience, and streams into memory."""

    def __init__(self) -> None:
        self.writer = StreamWriter()
        self.hub = Hub(self.writer)
        self.seq = 0

    def say(self, size: int = 0) -> bytes:
        """Publish the next event."""
        self.seq += 1
        message = event(self.seq, size)
        self.hub._push(View.AUDIENCE, message, self.seq)
        return message

    def join(self, body: Body | None = None) -> tuple[Subscriber, Body]:
        one, made = self.hub.subscribe(View.AUDIENCE, ANONYMOUS), body or Body()
        self.hub.attach(one, made, self.seq)
        return one, made


def event(seq: int, size: int = 0) -> bytes:
    return b"id: %d\ndata: %s\n\n" % (seq, b"x" * size)


def events(first: int, last: int) -> bytes:
    return b"".join(map(event, range(first, last + 1)))


async def rest(turns: int = 50) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_everyone_gets_each_event_once_and_in_order_from_when_they_came() -> None:
    stage, rng = Stage(), random.Random(3)
    there: list[tuple[int, Subscriber, Body]] = []
    left: list[tuple[int, int, Body]] = []
    waiting: list[tuple[int, Subscriber]] = []
    for _ in range(TURNS):
        match rng.choice(("join", "wait", "attach", "say", "say", "turn", "turn", "leave")):
            case "join":
                there.append((stage.seq + 1, *stage.join()))
            case "wait":
                waiting.append((stage.seq + 1, stage.hub.subscribe(View.AUDIENCE, ANONYMOUS)))
            case "attach" if waiting:
                first, one = waiting.pop(0)
                stage.hub.attach(one, body := Body(), stage.seq)
                there.append((first, one, body))
            case "say":
                stage.say()
            case "turn":
                await asyncio.sleep(0)
            case "leave" if rng.random() < 0.3 and there:
                first, one, body = there.pop(rng.randrange(len(there)))
                stage.hub.unsubscribe(one)
                left.append((first, stage.seq, body))
            case _:
                pass
    await rest()
    assert len(there) > SLICE
    for first, _, body in there:
        assert body.data == events(first, stage.seq)
    for first, last, body in left:
        assert events(first, last).startswith(body.data)


@pytest.mark.parametrize("ahead", [0, 1, 3])
async def test_events_that_were_replayed_before_they_are_published_are_not_sent_again(ahead: int) -> None:
    stage = Stage()
    stage.join()
    one = stage.hub.subscribe(View.AUDIENCE, ANONYMOUS)
    stage.say()
    stage.say()
    one.replayed(2 + ahead)  # the store is ahead of what is published
    stage.hub.attach(one, body := Body(), stage.seq)
    for _ in range(ahead):
        stage.say()
        await rest(2)
    stage.hub.publish_ephemeral(Levels(tick=1, levels=[]))
    stage.say()
    stage.say()
    await rest()
    assert body.data.startswith(b"event: levels\n")
    assert body.data.endswith(b"\n\n" + events(3 + ahead, 4 + ahead))


async def test_a_turn_writes_to_some_and_the_loop_goes_on_in_between() -> None:
    stage = Stage()
    bodies = [stage.join()[1] for _ in range(3 * SLICE)]
    stage.say()
    counts = []
    for _ in range(6):
        await asyncio.sleep(0)
        counts.append(sum(bool(body.writes) for body in bodies))
    assert counts[-1] == len(bodies)
    assert max(after - before for before, after in zip([0, *counts], counts, strict=False)) <= SLICE


async def test_messages_that_come_together_are_written_together() -> None:
    stage = Stage()
    bodies = [stage.join()[1] for _ in range(2 * SLICE)]
    stage.say()
    await asyncio.sleep(0)  # a pass has begun
    for _ in range(5):
        stage.say()
    await rest()
    assert {tuple(body.writes) for body in bodies} == {(events(1, 1), events(2, 6))}


async def test_small_spaces_share_a_turn() -> None:
    writer = StreamWriter()
    stages = [Stage() for _ in range(10)]
    for stage in stages:
        stage.hub = Hub(writer)
    bodies = [stage.join()[1] for stage in stages for _ in range(SLICE // 20)]
    for stage in stages:
        stage.say()
    await asyncio.sleep(0)
    assert all(body.writes for body in bodies)


async def test_a_large_message_comes_whole_and_to_fewer_in_a_turn() -> None:
    stage = Stage()
    bodies = [stage.join()[1] for _ in range(9)]
    message = stage.say(SLICE_BYTES // 3)
    assert len(message) > PASS_BYTES
    await asyncio.sleep(0)
    assert sum(bool(body.writes) for body in bodies) <= 3
    stage.say()
    await rest()
    assert {body.data for body in bodies} == {message + event(2)}


async def test_a_burst_is_written_in_parts_that_are_bounded() -> None:
    stage = Stage()
    _, body = stage.join()
    said = [stage.say(1_000) for _ in range(300)]
    await rest()
    assert body.data == b"".join(said)
    assert max(map(len, body.writes)) <= PASS_BYTES


async def test_a_stream_whose_reader_is_too_slow_is_ended_and_the_others_get_everything() -> None:
    stage = Stage()
    slow, bodies = stage.join(Body(holds=50_000)), [stage.join()[1] for _ in range(SLICE)]
    said = []
    for _ in range(100):
        said.append(stage.say(1_000))
        await rest(3)
    assert {body.data for body in bodies} == {b"".join(said)}
    assert (slow[0].closed, slow[1].aborted, stage.writer.too_slow) == (True, 1, 1)
    assert len(slow[1].data) < 53_000


async def test_messages_beyond_all_measure_end_the_streams_instead_of_filling_memory() -> None:
    stage = Stage()
    streams = [stage.join() for _ in range(3)]
    for _ in range(MOST_PENDING + 1):
        stage.say()
    assert all(one.closed and body.aborted for one, body in streams)
    assert stage.writer.too_slow == 3
    _, later = stage.join(Body(chunked=True))
    await rest()
    assert not any(body.writes for _, body in streams)
    assert later.data == b"", "no empty chunk, which would be the end"
    stage.say()
    await rest()
    assert b"id: %d\n" % stage.seq in later.data


async def test_a_connection_that_fails_ends_alone() -> None:
    class Broken(Body):
        def write(self, data: bytes, most: int = 0) -> bool:
            raise RuntimeError("cannot write after the end")

    stage = Stage()
    (_, before), (broken, _), (_, after) = stage.join(), stage.join(Broken()), stage.join()
    with capture_logs() as logs:
        stage.say()
        await rest()
    assert before.data == after.data == event(1)
    assert broken.closed
    assert [entry["kind"] for entry in logs] == ["RuntimeError"]
    assert stage.writer.too_slow == 0


async def test_the_end_of_a_space_comes_after_its_last_event_and_ends_some_streams_a_turn() -> None:
    stage = Stage()
    streams = [stage.join() for _ in range(3 * ENDS)]
    queued = stage.hub.subscribe(View.AUDIENCE, ANONYMOUS)
    stage.say()
    late, body = stage.join()
    stage.hub.finish(View.AUDIENCE)
    assert not any(one.closed for one, _ in streams)
    ended = []
    for _ in range(10):
        await asyncio.sleep(0)
        ended.append(sum(made.woken for _, made in streams))
    assert max(after - before for before, after in zip([0, *ended], ended, strict=False)) <= ENDS
    assert all(one.closed and made.woken and made.data == event(1) for one, made in streams)
    assert (late.closed, body.data) == (True, b"")
    stage.hub.attach(queued, last := Body(chunked=True), stage.seq)
    assert (queued.closed, last.data) == (True, b"%x\r\n%b\r\n" % (len(event(1)), event(1)))


async def test_a_stream_that_is_closed_gets_nothing_more() -> None:
    stage = Stage()
    (one, body), (_, other) = stage.join(), stage.join()
    stage.say()
    one.close()
    await rest()
    assert (body.data, body.woken, other.data) == (b"", 1, event(1))


async def test_only_streams_of_http_1_1_have_chunks() -> None:
    stage = Stage()
    (_, new), (_, old) = stage.join(Body(chunked=True)), stage.join()
    message = stage.say(40)
    await rest()
    assert new.data == b"%x\r\n" % len(message) + message + b"\r\n"
    assert old.data == message


async def test_a_silent_stream_gets_a_comment_and_one_with_news_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    one, body = stage.join()
    channel, now = stage.hub._channels[View.AUDIENCE], asyncio.get_running_loop().time()
    assert channel.beat(now + HEARTBEAT - 1)
    await rest()
    assert body.data == b""
    assert channel.beat(now + HEARTBEAT + 1)
    await rest()
    assert body.data == STILL_HERE
    stage.say()
    await rest()
    assert channel.beat(asyncio.get_running_loop().time() + HEARTBEAT - 1)
    await rest()
    assert body.data == STILL_HERE + event(1)
    stage.hub.unsubscribe(one)
    assert not channel.beat(now + 9 * HEARTBEAT), "it is looked after no more"


async def test_heartbeats_come_by_themselves_and_stop_with_the_last_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_writer, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(stream_writer, "HEARTBEAT", 0.002)
    stage = Stage()
    one, body = stage.join()
    async with asyncio.timeout(5):
        while body.data.count(STILL_HERE) < 3:
            await asyncio.sleep(0.001)
        stage.hub.unsubscribe(one)
        while stage.writer._look is not None:
            await asyncio.sleep(0.001)


async def test_nothing_holds_a_stream_that_left() -> None:
    stage = Stage()
    stage.join()
    one, body = stage.join()
    stage.say()
    await rest()
    found = weakref.ref(body)
    stage.hub.unsubscribe(one)
    del one, body
    gc.collect()
    assert found() is None
