"""The client of `bench ogg` must see what a player would stumble over: a page that is missing, damaged, at the wrong time, or the end."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from spacesctl.audio.ogg import SILENCE, TICK_SAMPLES, OggOpusWriter
from spacesctl.bench.ogg import report
from spacesctl.cli.commands import ROOT
from spacesctl.cli.lazy import verbs
from spacesctl.probe.description import NotConnected
from spacesctl.probe.ogg_players import Players
from spacesctl.probe.page_check import PageCheck
from tests.bench.results import OGG
from tests.running import spacesctl
from tests.typed import sure

TICKS = 25


def stream(pages: int) -> list[bytes]:
    writer = OggOpusWriter()
    return [writer.headers(), *(writer.page([SILENCE] * TICKS) for _ in range(pages))]


def without(parts: list[bytes], place: int) -> list[bytes]:
    return parts[:place] + parts[place + 1 :]


def at_a_wrong_time() -> list[bytes]:
    writer = OggOpusWriter()
    parts = [writer.headers(), writer.page([SILENCE])]
    writer.samples += 7
    return [*parts, writer.page([SILENCE])]


def damaged(parts: list[bytes], place: int) -> list[bytes]:
    page = bytearray(parts[place])
    page[-1] ^= 1
    return [*parts[:place], bytes(page), *parts[place + 1 :]]


@pytest.mark.parametrize("size", [1, 100, 100_000], ids=["byte by byte", "in pieces", "at once"])
def test_a_whole_stream_is_whole_however_it_comes(size: int) -> None:
    check, data = PageCheck(), b"".join(stream(4))
    for at in range(0, len(data), size):
        check.take(data[at : at + size])
    heard = check.heard
    assert (heard.pages, heard.lost, heard.broken, heard.samples) == (6, 0, 0, 4 * TICKS * TICK_SAMPLES)


@pytest.mark.parametrize(
    ("parts", "lost", "broken"),
    [
        (without(stream(5), 3), 1, 0),
        (without(without(stream(6), 3), 3), 2, 0),
        (without(stream(5), 1), 0, 0),
        (at_a_wrong_time(), 1, 0),
        (damaged(stream(5), 5), 0, 1),
    ],
    ids=["a page is missing", "two are", "it began before we came", "the clock jumps", "a bit is wrong"],
)
def test_what_a_player_would_stumble_over_is_counted(parts: list[bytes], lost: int, broken: int) -> None:
    check = PageCheck()
    check.take(b"".join(parts))
    assert (check.heard.lost, check.heard.broken) == (lost, broken)


@asynccontextmanager
async def served(head: bytes, body: Iterable[bytes]) -> AsyncIterator[str]:
    """An HTTP server that answers every GET with this; its address."""

    answering: list[asyncio.Task[None]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(sure(asyncio.current_task()))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for part in body:
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
        await reader.read()  # until the client goes
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*answering)


def test_players_read_their_chunks_and_tell_who_was_cut_off() -> None:
    async def body() -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with served(head, [*stream(3), b""]) as url, Players(url, "x") as players:
            await players.grow(5)
            async with asyncio.timeout(5):
                while players.ended < 5:
                    await asyncio.sleep(0.01)
            heard = await players.counted()
            assert {(one.pages, one.lost, one.broken) for one in heard} == {(5, 0, 0)}
            await players.begin()
            assert {one.pages for one in await players.counted()} == {0}

    asyncio.run(body())


def test_a_server_that_refuses_is_told_by_its_status() -> None:
    async def body() -> None:
        async with served(b"HTTP/1.1 409 Conflict\r\n\r\n", []) as url, Players(url, "x") as players:
            with pytest.raises(NotConnected, match="409"):
                await players.grow(1)

    asyncio.run(body())


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_players_of_a_true_server_miss_nothing_beside_as_many_listeners() -> None:
    command = [*spacesctl("bench", "ogg"), "--listeners", "20", "--seconds", "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    costs = json.loads(done.stdout)["costs"]
    assert {(one["lost"], one["broken"]) for one in costs.values()} == {(0, 0)}
    assert costs["ogg"]["pieces"] >= 20 * 4, "two pages a second"
    assert costs["webrtc"]["pieces"] > 20 * 100


def test_the_report_names_what_each_kind_costs() -> None:
    made = report(OGG)
    assert [made.rows[0][key] for key in made.columns.values()] == ["ogg", "9", "0.01", "0.05", "0.06", "0", "0", "0"]
    assert "0.25" in made.notes[0]
    assert "bench ogg" in dict(verbs(ROOT))


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.skipif(shutil.which("icecast2", path="/usr/bin") is None, reason="icecast2 is not installed")
def test_icecast_sends_the_same_pages_as_a_true_server() -> None:
    command = [*spacesctl("bench", "icecast"), "--players", "20", "--seconds", "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert [(one["server"], one["players"], one["lost"]) for one in found["served"]] == [
        ("spacesctl", 1, 0), ("Icecast", 1, 0), ("spacesctl", 20, 0), ("Icecast", 20, 0),
    ]  # fmt: skip
    assert {round(one["pages"]) for one in found["served"]} == {2}


def test_a_stream_without_chunks_is_read_as_it_is() -> None:
    async def body() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nServer: another\r\n\r\n" + b"".join(stream(3)))
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Players(url, "/live.ogg") as players:
                await players.grow(1)
                async with asyncio.timeout(5):
                    while players.ended < 1:
                        await asyncio.sleep(0.01)
                assert [(one.pages, one.lost, one.broken) for one in await players.counted()] == [(5, 0, 0)]

    asyncio.run(body())
