"""A WebSocket reader that does not keep up: it loses whole ticks, is told how many, and is cut off when it never reads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from spacesctl.audio import framing
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of
from tests.e2e.rawsocket import BINARY, TEXT, RawSocket
from tests.e2e.scene import Scene, run, scene
from tests.listening import voice

RECEIVE_BUFFER = 2048
"""Bytes: a client whose own kernel holds hardly anything."""


async def ticks_and_gaps(socket: RawSocket, until_tick: int) -> list[tuple[str, int]]:
    """("tick", number) and ("gap", ticks) in the order of arrival."""
    found: list[tuple[str, int]] = []
    while (frame := await asyncio.wait_for(socket.read(), 5)) is not None:
        kind, data = frame
        if kind == BINARY:
            found.append(("tick", framing.unpack(data).tick))
            if found[-1][1] >= until_tick:
                return found
        elif kind == TEXT:
            found.append(("gap", json.loads(data)["ticks"]))
    raise AssertionError("it was cut off")


async def connections(room: Scene) -> int:
    people = await room.anyone.call("GET", f"{room.place}/people")
    return int(people["anonymous"])


@pytest.mark.timeout(60)
def test_a_slow_reader_is_told_which_ticks_it_lost_and_one_that_never_reads_is_cut_off(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(voice(1, 1.5, peak=20_000))))
            steady = await room.stack.enter_async_context(LaneListener(room))
            url, place = room.server.url, room.place
            async with (
                RawSocket(url, None, place, "listen", receive_buffer=RECEIVE_BUFFER) as slow,
                RawSocket(url, None, place, "listen", receive_buffer=RECEIVE_BUFFER) as dead,
            ):
                await slow.read_json()
                await dead.read_json()
                async with asyncio.timeout(15):
                    while len(steady.packets) < 500:
                        await asyncio.sleep(0.05)
                found = await ticks_and_gaps(slow, steady.last + 50)
                assert await connections(room) == 3, "both are still there"
                async with asyncio.timeout(20):
                    while await connections(room) > 2:
                        await asyncio.sleep(0.1)
                last = 0
                while (frame := await asyncio.wait_for(dead.read(), 5)) is not None:
                    last = framing.unpack(frame[1]).tick if frame[0] == BINARY else last
                assert last < steady.last - 250, "what it reads too late ends over 5 s ago"
                assert len(await ticks_and_gaps(slow, steady.last + 10)) > 10, (
                    "the one that came back is still told all"
                )
        assert steady.told == []
        came = [number for kind, number in found if kind == "tick"]
        gaps = [number for kind, number in found if kind == "gap"]
        missing = [tick for tick in steady.packets if came[0] <= tick <= came[-1] and tick not in set(came)]
        assert came == sorted(set(came))
        assert gaps
        assert sum(gaps) == len(missing), "it was told of every tick it lost"
        at = next(place for place, (kind, _) in enumerate(found) if kind == "gap")
        before, after = found[at - 1][1], found[at + 1][1]
        assert len([tick for tick in steady.packets if before < tick < after]) == gaps[0], "where they are missing"

    run(body)
