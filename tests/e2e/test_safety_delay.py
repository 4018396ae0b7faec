"""A delay of 3 s with a real engine: a marked word reaches each of the audience's ways out three seconds later, and none once it is
redacted.

The mark is a tone of 3 kHz in a voice that has nothing there. Who is on stage hears it at once, and from that the tests know its ticks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest

from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import FRAME, RATE, Decoder
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of, whep
from tests.e2e.scene import Scene, scene, until
from tests.listening import Sound, voice

BUSY = 5
"""Ticks that a busy machine may skip at once; a jump has more than a hundred."""
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]
DELAY = 3.0
EVERY = 4.0
"""Seconds from one mark to the next."""
MARK = slice(RATE, RATE + RATE // 2)
LEAST = 0.01
"""The share of full scale at 3 kHz that is a mark; in the voice alone there is less than a thousandth."""


def marked_voice() -> Sound:
    said = voice(3, EVERY)
    spectrum = np.fft.rfft(said)
    at = np.fft.rfftfreq(len(said), 1 / RATE)
    spectrum[(at > 2_500) & (at < 3_500)] = 0
    quiet = np.fft.irfft(spectrum, len(said))
    quiet[MARK] = 6_000 * np.sin(2 * np.pi * 3_000 * np.arange(RATE // 2) / RATE)
    made: Sound = quiet.astype(np.int16)
    return made


def marks(sound: Sound) -> npt.NDArray[np.float64]:
    """How much of 3 kHz is in each 20 ms."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) / 32_768
    tone = np.exp(-2j * np.pi * 3_000 * np.arange(FRAME) / RATE)
    found: npt.NDArray[np.float64] = 2 * np.abs(frames @ tone) / FRAME
    return found


def marked_ticks(ear: LaneListener) -> list[int]:
    return [tick for tick, pcm in ear.by_tick().items() if marks(pcm).max(initial=0) > LEAST]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Scene, LaneListener, LaneListener, int]]:
    async with scene(tmp_path, "ann", delay=DELAY) as made:
        live, later = LaneListener(made, "host"), LaneListener(made)
        async with live, later, LaneSpeaker(made, "ann", packets_of(marked_voice())) as speaker:
            yield made, live, later, speaker.lane


async def mark_heard(live: LaneListener) -> tuple[int, int]:
    """Wait for a whole mark on stage; its first and last tick."""
    live.forget()

    def whole() -> tuple[int, int] | None:
        found = marked_ticks(live)
        return (found[0], found[-1]) if found and live.last > found[-1] + 3 and len(found) > 20 else None

    found: tuple[int, int] = await until(whole, EVERY * 2 + 1, "no mark was heard on stage")
    return found


async def redact(made: Scene, lane: int, first: int, last: int) -> dict[str, Any]:
    body = {"lane": lane, "from_tick": first - 5, "to_tick": last + 5}
    done: dict[str, Any] = await made.as_host.call("POST", f"{made.place}/redactions", body)
    assert done["missed_to"] is None, "three seconds are enough"
    return done


async def test_over_websocket_a_word_comes_three_seconds_later_or_never(stage: Any) -> None:
    made, live, later, lane = stage
    first, last = await mark_heard(live)
    await until(lambda: later.last > last + DELAY * 50 + 10, DELAY + 3)
    late = [tick - first for tick in marked_ticks(later) if first <= tick <= last + 200]
    assert abs(late[0] - DELAY * 50) <= 3
    first, last = await mark_heard(live)
    await redact(made, lane, first, last)
    await until(lambda: later.last > last + DELAY * 50 + 20, DELAY + 3)
    heard = later.by_tick()
    over = [
        marks(heard[tick])[0] for tick in range(round(first + DELAY * 50), round(last + DELAY * 50)) if tick in heard
    ]
    assert len(over) > 20
    assert max(over) < LEAST / 10, "at least 20 dB below the mark, alone and in Opus"


async def test_over_webrtc_and_http_a_redacted_word_never_comes(stage: Any) -> None:
    made, live, _later, lane = stage
    peer = await whep(made)
    received = bytearray()

    async def play() -> None:
        http = httpx.AsyncClient(base_url=made.server.url, timeout=30)
        async with http, http.stream("GET", f"{made.place}/listen.ogg") as answer:
            async for chunk in answer.aiter_bytes():
                received.extend(chunk)

    playing = asyncio.create_task(play())
    _, last = await mark_heard(live)
    await until(lambda: live.last > last + DELAY * 50 + 60, DELAY + 4)
    assert marks(peer.heard()).max() > LEAST, "a mark that nobody redacted is heard"
    for _ in range(2):
        first, last = await mark_heard(live)
        await redact(made, lane, first, last)
    await until(lambda: live.last > last + 30)
    # From here on only redacted marks come: what was said before was heard already.
    peer.forget()
    begun = len(received)
    await until(lambda: live.last > last + DELAY * 50 + 10, DELAY + 3)
    assert marks(peer.heard()).max() < LEAST / 5
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing
    decoder = Decoder()
    played = np.concatenate([decoder.decode(packet) for packet in read_packets(bytes(received))])
    pages = marks(played)
    assert pages.max() > LEAST
    assert begun < len(received)
    assert pages[-100:].max() < LEAST / 5


async def test_a_recording_and_its_lanes_have_the_marks_that_were_heard_alone(stage: Any, tmp_path: Path) -> None:
    made, live, _later, lane = stage
    await made.as_host.call("POST", f"{made.place}/recording", {"kind": "lanes"})
    await made.as_("ann").call("PUT", f"{made.place}/mic", {"open": True, "consent": True})
    (begun,) = (await made.as_host.call("GET", "/v1/recordings"))["data"]
    kept = await mark_heard(live)
    gone = await mark_heard(live)
    await redact(made, lane, *gone)
    await made.as_host.call("DELETE", f"{made.place}/recording")

    async def closed() -> dict[str, Any]:
        while True:
            found: dict[str, Any] = await made.as_host.call("GET", f"/v1/recordings/{begun['id']}")
            if found["state"] == "done":
                return found
            await asyncio.sleep(0.2)

    async with asyncio.timeout(25):
        found = await closed()
    space = await made.as_host.call("GET", made.place)
    begins = datetime.fromisoformat(found["started_at"]) - datetime.fromisoformat(space["started_at"])
    start = round(begins.total_seconds() * 50)
    headers = {"Authorization": f"Bearer {made.tokens['host']}"}
    async with httpx.AsyncClient(base_url=made.server.url, headers=headers) as http:
        for file in found["files"]:
            content = (await http.get(f"/v1/recordings/{begun['id']}/{file['name']}")).content
            decoder = Decoder()
            # What fills a gap is silence of 120 ms a packet.
            sound = np.concatenate([decoder.decode(packet) for packet in read_packets(content)])
            levels = marks(sound)
            assert levels[kept[0] - start : kept[1] - start].max() > LEAST, file["name"]
            assert levels[gone[0] - start : gone[1] - start].max() < LEAST / 5, file["name"]


async def test_after_a_dump_the_audience_hears_what_is_said_now(stage: Any) -> None:
    made, live, later, _lane = stage
    first, last = await mark_heard(live)
    cut = await made.as_host.call("POST", f"{made.place}/dump", {})
    assert cut["from_tick"] < first < last <= cut["to_tick"]
    now = live.last
    await until(lambda: live.last > now + 5)
    shown = await made.as_host.call("GET", made.place)
    assert shown["delay_now"] < 0.5
    assert 55 < shown["safe_in"] <= 60 + DELAY
    await until(lambda: later.last > last + DELAY * 50 + 20, DELAY + 3)
    heard = [tick for tick in marked_ticks(later) if now + 5 <= tick <= last + DELAY * 50 + 5]
    assert not heard, "the mark would have come here"
    ticks = sorted(later.packets)
    gaps = [after - before for before, after in pairwise(ticks)]
    assert max(gaps) <= BUSY, "a jump over what was said is no loss"


async def test_the_last_words_of_a_space_are_heard_before_it_closes(stage: Any) -> None:
    made, live, later, _lane = stage
    first, _last = await mark_heard(live)
    await made.as_host.call("POST", f"{made.place}/end")
    await until(lambda: any(one["event"] == "ended" for one in later.told), DELAY + 4)
    late = [tick - first for tick in marked_ticks(later) if tick >= first + 100]
    assert late, "the mark was said before the end"
    assert abs(late[0] - DELAY * 50) <= 3
    assert any(one["event"] == "ended" for one in live.told)


async def test_the_audience_reads_what_happened_when_it_hears_it(stage: Any) -> None:
    made, _live, _later, _lane = stage
    told: dict[str, float] = {}
    loop = asyncio.get_running_loop()

    async def follow(view: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = httpx.AsyncClient(base_url=made.server.url, headers=headers, timeout=30)
        async with http, http.stream("GET", f"{made.place}/events?view={view}") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and json.loads(line[6:])["type"] == "person.muted":
                    told[view] = loop.time()
                    return

    following = [
        asyncio.create_task(follow("staff", made.tokens["host"])),
        asyncio.create_task(follow("audience", None)),
    ]
    await asyncio.sleep(0.3)
    await made.act("mute", "ann")
    async with asyncio.timeout(DELAY + 5):
        await asyncio.gather(*following)
    assert abs(told["audience"] - told["staff"] - DELAY) < 0.5


async def test_who_comes_on_stage_hears_now_and_who_leaves_it_hears_the_last_seconds_again(stage: Any) -> None:
    made, live, _later, _lane = stage
    await made.account("ben")
    async with LaneListener(made, "ben") as ear:
        await made.as_("ben").call("POST", f"{made.place}/requests")
        await until(lambda: [one for one in ear.told if one["event"] == "moved"])
        assert [one["behind"] for one in ear.told if one["event"] == "moved"] == [0.0]
        first, last = await mark_heard(live)
        await until(lambda: ear.last > last + 5)
        assert abs(next(tick for tick in marked_ticks(ear) if tick >= first - 5) - first) <= 2
        await made.act("demote", "ben")
        await until(lambda: ear.last > last + DELAY * 50 + 20, DELAY + 3)
        assert [one["behind"] for one in ear.told if one["event"] == "moved"] == [0.0, DELAY]
        again = [tick for tick in marked_ticks(ear) if tick > last + 60]
        assert abs(again[0] - first - DELAY * 50) <= 3
