"""Seats over WebRTC: when they sound, where their frames lie, and a server that cannot be reached."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from bots import casts
from spacesctl.api.captions import CaptionsStatus
from spacesctl.audio.opus import FRAME
from spacesctl.bench.programs import free_port
from spacesctl.client import addresses
from spacesctl.demo import seats_webrtc
from spacesctl.demo.likeness import RATE
from spacesctl.demo.script import Turn, read
from spacesctl.demo.seats_webrtc import WebRtcListener, WebRtcSpeaker
from spacesctl.demo.stage import Stage
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.aiortc_peer import AiortcSpeaker
from spacesctl.probe.probe_listener import ProbeListener
from tests.demo.events import room

TURN = Turn(read(casts.load("cast_a").host), 0.0, 1.0)
STAGE = Stage("http://127.0.0.1:1", room(), "", "acme", {"acme": "1"}, {"acme": "token"}, CaptionsStatus(ready=True))


def test_a_server_that_is_gone_is_told_and_nothing_is_hung_up() -> None:
    port = free_port(socket.SOCK_STREAM)
    gone = replace(STAGE, url=f"http://127.0.0.1:{port}")

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
    async def joined(*_: object) -> AsyncIterator[None]:
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
            peer = Peer()
            with pytest.raises(TimeoutError):
                async with seats_webrtc._session(url, addresses.whip("s"), "token", peer):
                    raise AssertionError("it joined")
            assert peer.hung_up

    asyncio.run(main())
    assert asked == ["POST /v1/spaces/s/whip HTTP/1.1", "DELETE /here HTTP/1.1"]
