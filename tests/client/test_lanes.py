"""Sound over WebSocket as programs see it: refusals, a lost connection, a server that is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from spacesctl.api.lanes import Ended
from spacesctl.client.lanes import Lanes
from spacesctl.domain.errors import NotAllowed, SpacesError, Unavailable

CLOCK = {"started_at": "2026-01-01T00:00:00.000Z", "tick": 0}
HELLO = json.dumps({"event": "hello", "version": 1, "role": "speak", "clock": CLOCK, "lane": 7})
Talk = Callable[[ServerConnection], Awaitable[None]]


def meeting(server: Talk, client: Callable[[Lanes], Awaitable[None]], **options: Any) -> None:
    """What both say to each other over a real connection."""

    async def whole() -> None:
        async with serve(server, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            await client(Lanes(f"http://127.0.0.1:{port}", "spx_x", "A" * 13, "speak", **options))

    asyncio.run(whole())


def test_options_and_the_token_reach_the_server_and_its_messages_the_program() -> None:
    asked: dict[str, Any] = {}

    async def server(socket: ServerConnection) -> None:
        assert socket.request is not None
        asked.update(path=socket.request.path, token=socket.request.headers["Authorization"])
        await socket.send(HELLO)
        assert await socket.recv() == b"sound"
        await socket.send(b"more")
        await socket.send(json.dumps({"event": "ended", "reason": "ended"}))

    async def client(lanes: Lanes) -> None:
        async with lanes:
            assert lanes.hello.lane == 7
            await lanes.send(b"sound")
            assert [message async for message in lanes] == [b"more", Ended(reason="ended")]

    meeting(server, client, mic_open=False, consent=True)
    path, _, query = asked["path"].partition("?")
    assert path == f"/v1/spaces/{'A' * 13}/lanes"
    assert set(query.split("&")) == {"role=speak", "mic=closed", "consent=recording"}
    assert asked["token"] == "Bearer spx_x"


def test_a_refusal_is_the_error_of_the_server() -> None:
    problem = {"status": 403, "code": "not_allowed", "detail": "you may not speak", "reason": "barred"}

    async def server(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"event": "refused", "problem": problem}))

    async def client(lanes: Lanes) -> None:
        with pytest.raises(NotAllowed, match="you may not speak") as raised:
            await lanes.__aenter__()
        assert raised.value.reason == "barred"

    meeting(server, client)


def test_a_connection_that_is_cut_ends_the_messages_and_refuses_more() -> None:
    async def server(socket: ServerConnection) -> None:
        await socket.send(HELLO)
        socket.transport.abort()

    async def client(lanes: Lanes) -> None:
        async with lanes:
            assert [message async for message in lanes] == []
            with pytest.raises(Unavailable, match="cannot reach the server"):
                await lanes.send(b"sound")

    meeting(server, client)


def test_a_server_that_closes_before_it_greets_cannot_be_reached() -> None:
    async def server(socket: ServerConnection) -> None:
        await socket.close()

    async def client(lanes: Lanes) -> None:
        with pytest.raises(Unavailable, match="cannot reach the server"):
            await lanes.__aenter__()

    meeting(server, client)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1"])
def test_what_is_no_server_of_sound_is_an_error_of_ours(url: str) -> None:
    async def whole() -> None:
        with pytest.raises(SpacesError):
            await Lanes(url, None, "A" * 13, "listen").__aenter__()

    asyncio.run(whole())


def test_what_is_not_open_neither_sends_nor_receives() -> None:
    async def whole() -> None:
        lanes = Lanes("http://127.0.0.1:9", None, "A" * 13, "listen")
        with pytest.raises(RuntimeError, match="open the connection"):
            await lanes.send(b"sound")
        with pytest.raises(RuntimeError, match="open the connection"):
            await anext(aiter(lanes))
        await lanes.__aexit__(None, None, None)

    asyncio.run(whole())
