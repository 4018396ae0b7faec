"""Seats one by one: what listeners count as lost, how a speaker ends, and a server that cannot be reached."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from bots import casts
from spacesctl.audio import framing
from spacesctl.audio.framing import Message
from spacesctl.audio.opus import FRAME, Encoder
from spacesctl.bench.programs import free_port
from spacesctl.demo import seats_webrtc, stage
from spacesctl.demo.likeness import RATE
from spacesctl.demo.script import Turn, read
from spacesctl.demo.seats import LanesListener, LanesSpeaker
from spacesctl.demo.seats_webrtc import WebRtcListener, WebRtcSpeaker
from spacesctl.demo.stage import Stage
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.aiortc_peer import AiortcSpeaker
from spacesctl.probe.probe_listener import TICK, ProbeListener

TURN = Turn(read(casts.load("cast_a").host), 0.0, 1.0)
STAGE = Stage("http://127.0.0.1:1", "s", "T", "", "acme", {"acme": "1"}, {"acme": "token"}, {})
PACKET = Encoder().encode(np.zeros(FRAME, np.int16))


class FakeLanes:
    """A connection with these messages; after `most` messages were sent to it, it is closed."""

    def __init__(self, *messages: Any, most: int = 1000, stays: bool = False) -> None:
        self.hello = {"clock": {"tick": 70}}
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

    async def __aiter__(self) -> AsyncIterator[Any]:
        await self.closed.wait()
        for message in self.messages:
            yield message


def mixed(tick: int, *payloads: bytes) -> bytes:
    return framing.pack(framing.MIX, tick, [(0, 0, payload) for payload in payloads])


def test_ticks_that_are_missing_or_cannot_be_decoded_are_lost_and_the_end_is_noted() -> None:
    listener = ProbeListener("lanes", None)

    async def main() -> LanesListener:
        seat = LanesListener(STAGE, None, listener)
        messages = [mixed(100, PACKET), mixed(101, PACKET), mixed(104, PACKET), mixed(105, b"\xff\xff\xff\x00"),
                    {"event": "lane_opened"}, {"event": "ended", "reason": "over"}]  # fmt: skip
        seat._lanes = FakeLanes(*messages)  # type: ignore[assignment]  # it has what is used of the lanes
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
        ([{"event": "muted"}, {"event": "ended", "reason": "removed"}], "removed"),
        ([], "connection lost"),
    ],
    ids=["with a reason", "without one"],
)
def test_a_speaker_whose_session_ends_knows_why_and_how_much_was_said(messages: list[Any], ended: str) -> None:
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
        speaker._lanes = FakeLanes({"event": "ended", "reason": "over"})  # type: ignore[assignment]  # as above
        async with asyncio.timeout(5):
            await speaker.run(0.0)
        return speaker

    assert asyncio.run(main()).ended == "over"


def test_a_server_that_is_gone_is_told_and_nothing_is_hung_up() -> None:
    port = free_port(socket.SOCK_STREAM)
    gone = Stage(f"http://127.0.0.1:{port}", "s", "T", "", "acme", {}, {"acme": "token"}, {})

    async def main() -> None:
        with pytest.raises(Unavailable, match=str(port)):
            await WebRtcSpeaker(gone, TURN).run(0.0)

    asyncio.run(main())


def test_a_speaker_over_webrtc_is_silent_before_and_after_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats_webrtc, "AiortcSpeaker", lambda sound: None)
    speaker = WebRtcSpeaker(STAGE, TURN)
    assert speaker.said == 0
    assert not speaker._sound(30).any(), "the turn has not begun"
    speaker._first = 10
    sounds = [bool(speaker._sound(10 + tick).any()) for tick in range(-5, 80)]
    assert not any(sounds[:5])
    assert any(sounds[5:55])
    assert not any(sounds[5 + 55 :])


def test_a_listener_over_webrtc_places_frames_on_the_clock_by_the_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats_webrtc, "AiortcListener", lambda hear: None)
    ear, ticks = ProbeListener("webrtc", "@ben"), iter([500.4, 900.0])
    listener = WebRtcListener(STAGE, "token", ear, lambda: next(ticks))
    for number in (3, 4, 6):
        listener._hear(number * FRAME, np.full(FRAME, 7, np.int16))
    assert ear.heard().first == 500
    assert len(ear.heard().sound) == 4 * FRAME * RATE // 48_000


def test_the_end_of_a_listener_over_webrtc_and_its_losses_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = ProbeListener("webrtc", "@ben")

    class Peer:
        closed = asyncio.Event()

        async def packets_lost(self) -> int:
            self.closed.set()
            return 7

    @asynccontextmanager
    async def joined(*_: Any) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(seats_webrtc, "AiortcListener", lambda hear: Peer())
    monkeypatch.setattr(seats_webrtc, "_session", joined)

    async def main() -> WebRtcListener:
        listener = WebRtcListener(STAGE, "token", ear, lambda: 0.0)
        await listener.run()
        return listener

    assert asyncio.run(main()).joined.is_set()
    assert (ear.lost, ear.ended) == (7, "closed")


def test_media_that_do_not_get_through_are_a_timeout_and_the_session_is_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    class Peer(AiortcSpeaker):
        def __init__(self) -> None:
            self.hung_up = False

        async def offer(self) -> str:
            return "offer"

        async def accept(self, answer: str) -> None:
            assert answer == "answer"

        async def joined(self, seconds: float = 0) -> None:
            raise TimeoutError

        async def close(self) -> None:
            self.hung_up = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.partition("\r\n")[0])
        body = b"answer" if head.startswith("POST") else b""
        status = b"201 Created" if body else b"204 No Content"
        writer.write(b"HTTP/1.1 %s\r\nLocation: /here\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            here, peer = Stage(url, "s", "T", "", "acme", {}, {}, {}), Peer()
            with pytest.raises(TimeoutError):
                async with seats_webrtc._session(here, "whip", "token", peer):
                    raise AssertionError("it joined")
            assert peer.hung_up

    asyncio.run(main())
    assert asked == ["POST /v1/spaces/s/whip HTTP/1.1", "DELETE /here HTTP/1.1"]


def test_what_does_not_become_true_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "BOT_WITHIN", 0.05)
    assert not stage._wait_for(lambda: False)
    answers = iter([False, True])
    assert stage._wait_for(lambda: next(answers))


def test_an_account_that_is_not_of_the_demo_is_named_by_its_id() -> None:
    assert (STAGE.handle_of("1"), STAGE.handle_of("9")) == ("acme", "9")
