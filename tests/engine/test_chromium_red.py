"""Chromium on a bad network: it sends us each packet twice (RED, RFC 2198), and gets each twice when it loses many."""

from __future__ import annotations

import asyncio
import re
import wave
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from spacesctl.audio.opus import Encoder
from spacesctl.engine.messages import OpenLane, Output, PeerJoined, Uplink
from spacesctl.probe import description
from spacesctl.probe.impair import Impairment, Relay
from tests.engine.studio import SPACE, Studio, run, studio
from tests.engine.test_chromium import ANALYSE, ANSWER, AS_IT_IS, CHROMIUM, FLAGS, served, tone
from tests.listening import RATE, Sound

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(60),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FRAME = 960
HEARD = """async () => {
  const found = [...(await pcs.down.getStats()).values()].find((one) => one.type === 'inbound-rtp');
  const {totalSamplesReceived, concealedSamples, fecPacketsReceived, packetsLost, packetsReceived} = found;
  return {total: totalSamplesReceived, concealed: concealedSamples, copies: fecPacketsReceived ?? 0, lost: packetsLost,
    packets: packetsReceived};
}"""


async def connect(space: Studio, page: Any, kind: Literal["up", "down"], network: Impairment, stack: Any) -> Relay:
    """Connect a page by a relay, which passes everything until it begins."""
    lane = 5 if kind == "up" else 0
    made = await space.admit(await page.evaluate(AS_IT_IS, kind), kind, kind, lane, Output.AUDIENCE)
    both = (network, Impairment()) if kind == "up" else (Impairment(), network)
    relay: Relay = await stack.enter_async_context(
        Relay(description.read(made.sdp).address(loopback=False), *both, seed=4)
    )
    host, port = relay.address
    answer = re.sub(r"(a=candidate:\S+ 1 udp \d+) \S+ \d+", rf"\1 {host} {port}", made.sdp)
    await page.evaluate(ANSWER, [kind, answer])
    await space.until(PeerJoined, lambda joined: joined.peer == kind)
    return relay


@pytest.mark.interop("Chromium", "speaks with copies (RED)")
def test_what_chromium_says_is_recovered_from_its_copies(tmp_path: Path) -> None:
    async def body(space: Studio, page: Any, stack: Any) -> None:
        await space.engine.send(OpenLane(SPACE, 5, heard=True))
        relay = await connect(space, page, "up", Impairment(loss=0.1, jitter=0.02), stack)
        relay.begin()
        await asyncio.sleep(6)
        assert relay.lost > 15
        counters = (await space.stats()).counters
        assert counters["frames_recovered"] > relay.lost * 0.6
        assert counters["frames_lost"] < relay.lost * 0.4
        assert counters.get("dropped_malformed", 0) == counters.get("dropped_payload_type", 0) == 0

    in_chromium(body, microphone=written(tone(440, 4), tmp_path / "said.wav"))


@pytest.mark.interop("Chromium", "listens with copies (RED)")
def test_a_chromium_that_loses_many_packets_gets_each_twice_and_conceals_less() -> None:
    async def body(space: Studio, page: Any, stack: Any) -> None:
        await space.engine.send(OpenLane(SPACE, 5, heard=True))
        relay = await connect(space, page, "down", Impairment(loss=0.1), stack)
        said = asyncio.create_task(talk(space))
        await asyncio.sleep(1)
        assert (await page.evaluate(HEARD))["copies"] == 0
        relay.begin()
        before = await page.evaluate(HEARD)
        while (plain := await page.evaluate(HEARD))["copies"] < 5:
            await asyncio.sleep(0.2)
        await asyncio.sleep(2)
        begin = await page.evaluate(HEARD)
        await asyncio.sleep(6)
        end = await page.evaluate(HEARD)
        said.cancel()
        assert end["lost"] - begin["lost"] > 10
        assert share(begin, end) < share(before, plain) / 2

    in_chromium(body)


@pytest.mark.interop("Chromium", "listens to packets of 120 ms")
def test_chromium_decodes_packets_of_120_ms() -> None:
    async def body(space: Studio, page: Any, stack: Any) -> None:
        await space.engine.send(OpenLane(SPACE, 5, heard=True))
        await connect(space, page, "down", Impairment(), stack)
        said = asyncio.create_task(talk(space))
        await asyncio.sleep(3)
        begin = await page.evaluate(HEARD)
        await asyncio.sleep(5)
        end = await page.evaluate(HEARD)
        assert await page.evaluate(ANALYSE) == pytest.approx(440, abs=3)
        said.cancel()
        assert 35 < end["packets"] - begin["packets"] < 50
        assert share(begin, end) < 0.05

    in_chromium(body, ptime_ms=120)


def share(before: dict[str, int], after: dict[str, int]) -> float:
    """The share of the sound between that was made up."""
    return (after["concealed"] - before["concealed"]) / (after["total"] - before["total"])


async def talk(space: Studio) -> None:
    """Say a tone in lane 5, by a program, for a minute."""
    encoder, sound = Encoder(), np.tile(tone(440, 1.0), 60)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(len(sound) // FRAME):
        packet = encoder.encode(sound[number * FRAME : (number + 1) * FRAME])
        await space.engine.send(Uplink(SPACE, 5, number, packet))
        await asyncio.sleep(max(0.0, began + number / 50 - loop.time()))


def written(sound: Sound, path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


def in_chromium(body: Any, microphone: Path | None = None, ptime_ms: int = 20) -> None:
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"] if microphone else FLAGS
    playwright = pytest.importorskip("playwright.async_api")

    async def whole() -> None:
        page_server = await served(b"<!doctype html><title>room</title>")
        async with (
            studio(ptime_ms=ptime_ms) as space,
            playwright.async_playwright() as started,
            AsyncExitStack() as stack,
        ):
            browser = await started.chromium.launch(executable_path=CHROMIUM, args=flags)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{page_server.sockets[0].getsockname()[1]}/")
            async with asyncio.timeout(45):
                await body(space, page, stack)
            await browser.close()
        page_server.close()
        await page_server.wait_closed()

    run(whole)
