"""Seats one by one: what listeners over lanes count as lost, and how a speaker ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from bots import casts
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.lanes import Clock, Ended, Hello, LaneEvent, Muted
from spacesctl.api.wire import Time
from spacesctl.audio import framing
from spacesctl.audio.framing import Message
from spacesctl.audio.opus import FRAME, Encoder
from spacesctl.demo import stage
from spacesctl.demo.script import Turn, read
from spacesctl.demo.seats import LanesListener, LanesSpeaker
from spacesctl.demo.stage import Stage
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.probe_listener import TICK, ProbeListener
from tests.demo.events import room

TURN = Turn(read(casts.load("cast_a").host), 0.0, 1.0)
STAGE = Stage("http://127.0.0.1:1", room(), "", "acme", {"acme": "1"}, {"acme": "token"}, CaptionsStatus(ready=True))
PACKET = Encoder().encode(np.zeros(FRAME, np.int16))


class FakeLanes:
    """A connection with these messages; after `most` messages were sent to it, it is closed."""

    def __init__(self, *messages: bytes | LaneEvent, most: int = 1000, stays: bool = False) -> None:
        clock = Clock(started_at=Time.read("2026-01-01T00:00:00Z"), tick=70)
        self.hello = Hello(version=1, role="all", clock=clock, lane=None)
        self.messages = messages
        self.most = most
        self.sent: list[bytes] = []
        self.closed = asyncio.Event()
        if not stays:
            self.closed.set()

    async def __aenter__(self) -> FakeLanes:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def send(self, data: bytes) -> None:
        if len(self.sent) == self.most:
            self.closed.set()
            raise Unavailable("closed")
        self.sent.append(data)

    async def __aiter__(self) -> AsyncIterator[bytes | LaneEvent]:
        await self.closed.wait()
        for message in self.messages:
            yield message


def mixed(tick: int, *payloads: bytes) -> bytes:
    return framing.pack(framing.MIX, tick, [(0, 0, payload) for payload in payloads])


def test_ticks_that_are_missing_or_cannot_be_decoded_are_lost_and_the_end_is_noted() -> None:
    listener = ProbeListener("lanes", None)

    async def main() -> LanesListener:
        seat = LanesListener(STAGE, None, listener)
        sound = [mixed(100, PACKET), mixed(101, PACKET), mixed(104, PACKET), mixed(105, b"\xff\xff\xff\x00")]
        seat._lanes = FakeLanes(*sound, Muted(), Ended(reason="over"))  # type: ignore[assignment]  # it has what is used of the lanes
        await seat.run()
        return seat

    seat = asyncio.run(main())
    assert seat.joined.is_set()
    assert seat.clock[0] == 70
    assert listener.lost == 2 + 1
    assert listener.decoded == 5, "from the first to the last that was decoded"
    assert listener.ended == "over"
    assert len(listener.heard().sound) == 5 * TICK


def test_ticks_that_come_twice_or_late_are_not_counted_as_lost() -> None:
    listener = ProbeListener("lanes", None)

    async def main() -> None:
        seat = LanesListener(STAGE, None, listener)
        for tick in (100, 100, 99):
            seat._take(Message(framing.MIX, tick, [framing.Frame(0, 0, PACKET)]))

    asyncio.run(main())
    assert listener.lost == 0


@pytest.mark.parametrize(
    ("messages", "ended"),
    [
        ([Muted(), Ended(reason="removed")], "removed"),
        ([], "connection lost"),
    ],
    ids=["with a reason", "without one"],
)
def test_a_speaker_whose_session_ends_knows_why_and_how_much_was_said(messages: list[LaneEvent], ended: str) -> None:
    async def main() -> LanesSpeaker:
        speaker = LanesSpeaker(STAGE, TURN)
        speaker._lanes = FakeLanes(*messages, most=3, stays=True)  # type: ignore[assignment]  # as above
        async with asyncio.timeout(5):
            await speaker.run(asyncio.get_running_loop().time() + 0.02)
        return speaker

    speaker = asyncio.run(main())
    assert (speaker.said, speaker.ended) == (3, ended)
    assert speaker.began is not None


def test_a_speaker_stops_when_the_server_has_ended_the_session() -> None:
    async def main() -> LanesSpeaker:
        speaker = LanesSpeaker(STAGE, TURN)
        speaker._lanes = FakeLanes(Ended(reason="over"))  # type: ignore[assignment]  # as above
        async with asyncio.timeout(5):
            await speaker.run(0.0)
        return speaker

    assert asyncio.run(main()).ended == "over"


def test_what_does_not_become_true_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "BOT_WITHIN", 0.05)
    assert not stage._wait_for(lambda: False)
    answers = iter([False, True])
    assert stage._wait_for(lambda: next(answers))


def test_an_account_that_is_not_of_the_demo_is_named_by_its_id() -> None:
    assert (STAGE.handle_of("1"), STAGE.handle_of("9")) == ("acme", "9")
