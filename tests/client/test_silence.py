"""A server that says nothing any more is left after a while, and asked again for what came since."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve

from spacesctl.cli.coming_back import RETRY_FOR, ComingBack, events
from spacesctl.client import transport
from spacesctl.client.http import Client
from spacesctl.client.lanes import LOST_AFTER, PING_EVERY, Lanes
from spacesctl.domain.errors import TooMany, Unavailable
from spacesctl.live.stream_writer import HEARTBEAT, LOOK_EVERY
from tests.cli.raw_server import raw_server
from tests.client.test_lanes import HELLO

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
HAND = b'id: 5\ndata: {"type": "hand.raised", "seq": 5, "at": "2026-01-01T00:00:00.000Z", "tick": 3, "data": {"account_id": "1"}}\n\n'
ENDED = b'data: {"type": "space.ended", "seq": 6, "at": "2026-01-01T00:00:00.000Z", "tick": 9, "data": {}}\n\n'


def test_two_beats_may_be_missed_and_no_more() -> None:
    read = transport.STREAM_TIMEOUT.read
    assert read is not None
    assert HEARTBEAT + LOOK_EVERY <= read / 2 <= 3.0
    assert PING_EVERY + LOST_AFTER <= 8.0


def test_a_stream_that_hangs_is_asked_for_anew_after_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STREAM_TIMEOUT", httpx.Timeout(5.0, read=0.4))
    monkeypatch.setattr("spacesctl.cli.coming_back.note", lambda _text: None)
    turns: Iterator[list[bytes | None]] = iter(
        [[HEAD, HAND, b": beat\n\n", b": beat\n\n", b": beat\n\n", None], [HEAD, ENDED]]
    )

    def say(there: socket.socket) -> None:
        for piece in next(turns):
            if piece is None:
                time.sleep(1.0)
                return
            there.sendall(piece)
            time.sleep(0.2)

    said: list[str] = []
    with raw_server(say) as url, Client(url) as client:
        kinds = [event.type for event in events(client, "A" * 13, tell=said.append)]
    assert kinds == ["hand.raised", "space.ended"], "three beats of silence are none"
    assert said == [
        f"the connection is lost: cannot reach the server at {url}: it does not answer in time; trying to come back",
        "connected again",
    ]


def test_who_comes_back_waits_longer_each_time_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("spacesctl.cli.coming_back.time.monotonic", lambda: now[0])
    said: list[str] = []
    coming, error = ComingBack(said.append), Unavailable("it is away")
    waits = [coming.lost(error) for _ in range(6)]
    assert waits[0] < 0.4 < 2.5 < waits[-1] < 6
    assert coming.lost(TooMany("requests", 30)) == 30
    coming.back()
    coming.back()
    assert said == ["the connection is lost: it is away; trying to come back", "connected again"]
    coming.lost(error)
    now[0] += RETRY_FOR + 1
    with pytest.raises(Unavailable):
        coming.lost(error)


@pytest.mark.slow
@pytest.mark.anyio
async def test_lanes_of_a_server_that_hangs_end(monkeypatch: pytest.MonkeyPatch, anyio_backend: str) -> None:
    monkeypatch.setattr("spacesctl.client.lanes.PING_EVERY", 0.1)
    monkeypatch.setattr("spacesctl.client.lanes.LOST_AFTER", 0.3)

    async def hang(there: ServerConnection) -> None:
        await there.send(HELLO)
        there.transport.pause_reading()  # so that no ping is answered
        await asyncio.sleep(3)

    monkeypatch.setattr("spacesctl.client.lanes.CLOSE_WITHIN", 0.3)
    async with serve(hang, "127.0.0.1", 0) as server, asyncio.timeout(1.9):
        port = server.sockets[0].getsockname()[1]
        async with Lanes(f"http://127.0.0.1:{port}", None, "A" * 13, "listen") as lanes:
            assert [message async for message in lanes] == []
