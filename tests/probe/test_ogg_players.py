"""Players of `listen.ogg` that get no stream, or half of one."""

from __future__ import annotations

import asyncio
import socket

import pytest

from spacesctl.probe import ogg_players
from spacesctl.probe.description import NotConnected
from spacesctl.probe.ogg_players import Player, Players


@pytest.mark.parametrize(
    ("answer", "told"),
    [(b"", "it was closed"), (b"HTTP/1.1 503 Busy\r\n\r\n", "503 Busy"), (None, "it took too long")],
    ids=["closed", "refused", "silent"],
)
def test_a_player_that_gets_no_stream_tells_why(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, told: str
) -> None:
    monkeypatch.setattr(ogg_players, "WITHIN", 0.2)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is not None:
            writer.write(answer)
            writer.close()
        else:
            await reader.read()
            writer.close()

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Players(url, "x") as players:
                with pytest.raises(NotConnected, match=told):
                    await players.grow(1)
                assert players.players == []

    asyncio.run(main())


def test_a_stream_that_breaks_off_has_ended() -> None:
    ours, theirs = socket.socketpair()
    player = Player("http://127.0.0.1:1", "x")
    player.socket.close()
    ours.setblocking(False)
    player.socket = ours
    with ours, theirs:
        theirs.send(b"5\r\nhel")
        player.read()
        ended = [player.ended]
        theirs.close()
        for _ in range(2):
            player.read()
            ended.append(player.ended)
    assert ended == [False, True, True]
    assert player.check.heard.pages == 0
