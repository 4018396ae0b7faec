"""Event streams that are not read, or left: a server in this process, with real sockets, so that it can say more than its clients read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spacesctl.api.events import Level, Levels
from spacesctl.live.actor import SpaceActor
from spacesctl.live.subscriber import MOST_UNSENT
from spacesctl.server.http.front.direct import Direct
from spacesctl.server.http.front.protocol import FrontProtocol
from spacesctl.server.process.http_server import HttpServer, bind
from tests.api.harness import Api, As, running_api, wait_for
from tests.wire_bytes import get

pytestmark = pytest.mark.anyio
LOUD = Levels(tick=1, levels=[Level(lane=number, account_id="1" * 19, db=-40, active=True) for number in range(400)])
"""A message of about 25 kB."""
MANY = 400
"""So many of it are more than the kernel holds for a reader that reads nothing."""


class Room:
    """A live Space of a server with a socket."""

    def __init__(self, api: Api, host: As, place: str, port: int) -> None:
        self.api, self.host, self.place, self.port = api, host, place, port
        self.actor: SpaceActor = api.app.registry.actors[place.rpartition("/")[2]]

    async def follow(self, *lines: str, reads: bool = True) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new stream that has begun. One that `reads` not has small buffers."""
        made = socket.socket()
        made.setblocking(False)
        if not reads:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=made, limit=2_048 if not reads else 1 << 26)
        count = len(self.actor.hub.subscribers)
        writer.write(get(f"{self.place}/events", *lines))
        await wait_for(lambda: len(self.actor.hub.subscribers) > count)
        await wait_for(lambda: all(one.sink for one in self.actor.hub.subscribers))
        return reader, writer

    @property
    def unsent(self) -> list[int]:
        """What the server holds for each stream."""
        return [one.transport.get_write_buffer_size() for one in self.protocols]

    @property
    def protocols(self) -> list[FrontProtocol]:
        """The connections of the streams."""
        sinks = [one.sink for one in self.actor.hub.subscribers]
        found = [sink._transport.get_protocol() for sink in sinks if isinstance(sink, Direct)]
        return [one for one in found if isinstance(one, FrontProtocol)]


@asynccontextmanager
async def open_room(tmp_path: Path) -> AsyncIterator[Room]:
    async with running_api(tmp_path / "data") as api:
        bound = bind("127.0.0.1:0")
        server = HttpServer(api.asgi, api.app.front)
        serving = server.begin(bound)
        await server.listening.wait()
        host = await api.account("host")
        try:
            yield Room(api, host, await api.live(host), bound.getsockname()[1])
        finally:
            for actor in api.app.registry.actors.values():
                actor.hub.close()
            server.should_exit = True
            await serving
            bound.close()


@pytest.mark.slow
async def test_readers_that_read_nothing_are_ended_and_others_get_everything(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        slow = [await room.follow(reads=False) for _ in range(5)]
        reader, writer = await room.follow()
        assert len(room.unsent) == 6
        most = 0
        for number in range(MANY):
            room.actor.publish(LOUD)
            await reader.readuntil(b"event: levels")
            most = max(most, *room.unsent)
            if number == 0:
                await room.host.ok("PATCH", room.place, {"title": "Meanwhile"})
        await reader.readuntil(b"}]}}\n\n\r\n")
        await wait_for(lambda: len(room.actor.hub.subscribers) == 1)
        assert MOST_UNSENT < most < 2 * MOST_UNSENT
        assert (
            f"spacesctl_event_streams_too_slow_total {len(slow)}.0\n"
            in (await room.api.nobody.call("GET", "/metrics")).text
        )
        for _, one in slow:
            one.close()
        writer.close()
        await wait_for(lambda: not room.actor.hub.subscribers)
        assert len(room.api.app.front.streams) == 0


async def test_who_leaves_is_no_longer_present(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        ann = await room.api.account("ann")
        _, writer = await room.follow(f"Authorization: Bearer {ann.token}")
        assert ann.id in room.actor.present()
        writer.close()
        await wait_for(lambda: ann.id not in room.actor.present())


async def test_a_stream_whose_replay_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    async with open_room(tmp_path) as room:
        monkeypatch.setattr("spacesctl.store.spaces.events_after", broken)
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        writer.write(get(f"{room.place}/events", "Last-Event-ID: 1"))
        assert b"event: hello" in await reader.read()
        writer.close()
        assert not room.actor.hub.subscribers
        assert len(room.api.app.front.streams) == 0


async def test_who_leaves_with_another_request_behind_the_stream_is_no_longer_present(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        ann = await room.api.account("ann")
        _, writer = await room.follow(f"Authorization: Bearer {ann.token}")
        writer.write(get("/healthz"))
        await writer.drain()
        await wait_for(lambda: any(len(one.pipeline) for one in room.protocols))
        writer.transport.abort()
        for _ in range(20):  # nothing is read meanwhile, so that it shows when something is sent
            room.actor.publish(LOUD)
            await asyncio.sleep(0.01)
        await wait_for(lambda: ann.id not in room.actor.present())


async def test_a_stream_is_one_task(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        before = asyncio.all_tasks()
        streams = [await room.follow() for _ in range(10)]
        assert len(asyncio.all_tasks() - before) == len(streams)
        for _, writer in streams:
            writer.close()


async def test_streams_that_resume_while_events_flow_have_no_gap_and_nothing_twice(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        last = 3 + 40
        readers = []
        for number in range(40):
            renaming = asyncio.create_task(room.host.ok("PATCH", room.place, {"title": f"Title {number}"}))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            readers.append(await room.follow("Last-Event-ID: 1"))
            await renaming
        for reader, writer in readers:
            data = b""
            while b"Title 39" not in data:
                data += await reader.read(65_536)
            ids = [int(line[4:]) for line in data.splitlines() if line.startswith(b"id: ")]
            assert ids == list(range(2, ids[-1] + 1))
            assert ids[-1] <= last
            writer.close()
