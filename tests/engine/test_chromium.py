"""A real browser speaks and listens: Chromium with its fake microphone, which beeps once a second, or says what a file has."""

from __future__ import annotations

import asyncio
import shutil
import wave
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from spacesctl.audio.opus import Decoder, Encoder
from spacesctl.engine.messages import FLAG_ACTIVE, OpenLane, Output, PeerJoined, Uplink
from spacesctl.rtc.sdp_answer import Answer
from tests.engine.studio import SPACE, Frames, Levels, Studio, run, studio
from tests.listening import RATE, Sound

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
OFFER = """async (kind) => {
  const pc = new RTCPeerConnection();
  (window.pcs ||= {})[kind] = pc;
  if (kind === 'up') {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true});
    pc.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly', streams: [stream]});
  } else {
    pc.addTransceiver('audio', {direction: 'recvonly'});
    pc.ontrack = (event) => { const a = new Audio(); a.srcObject = new MediaStream([event.track]); a.play(); window.a = a; };
  }
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""
VIDEO_FIRST = OFFER.replace(
    "new RTCPeerConnection();",
    "new RTCPeerConnection({bundlePolicy: 'max-bundle'});"
    " pc.addTransceiver('video', {direction: kind === 'up' ? 'sendonly' : 'recvonly'});",
)
AS_IT_IS = OFFER.replace(
    "audio: true}", "audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}}"
)
ANSWER = "async ([kind, sdp]) => pcs[kind].setRemoteDescription({type: 'answer', sdp})"
STATS = """async () => {
  const found = [...(await pcs.down.getStats()).values()].find((one) => one.type === 'inbound-rtp');
  return {received: found.packetsReceived, lost: found.packetsLost, energy: found.totalAudioEnergy};
}"""


ANALYSE = """async () => {
  const context = new AudioContext(), analyser = new AnalyserNode(context, {fftSize: 32768, smoothingTimeConstant: 0});
  context.createMediaStreamSource(a.srcObject).connect(analyser);
  await new Promise((done) => setTimeout(done, 1500));
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  return levels.indexOf(Math.max(...levels)) * context.sampleRate / analyser.fftSize;
}"""
PROTOCOLS = """async () => {
  const found = [];
  for (const pc of Object.values(pcs)) {
    const stats = [...(await pc.getStats()).values()];
    const pair = stats.find((one) => one.type === 'candidate-pair' && one.nominated);
    found.push(stats.find((one) => one.id === pair.localCandidateId).protocol);
  }
  return found;
}"""
FRAME = 960


def tone(hertz: float, seconds: float) -> Sound:
    return (9000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)


def pitch(pcm: Sound) -> float:
    """Of the loudest part of it, in Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))) * RATE / len(pcm))


async def served(html: bytes) -> asyncio.Server:
    """A page on 127.0.0.1, where browsers give a microphone without TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(html) + html)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(
    "offer",
    [
        OFFER,
        pytest.param(VIDEO_FIRST, marks=pytest.mark.interop("Chromium", "speaks, video first", "listens, video first")),
    ],
    ids=["audio alone", "video first in a max-bundle"],
)
def test_chromium_speaks_and_hears_itself_as_the_audience_does(offer: str) -> None:
    playwright = pytest.importorskip("playwright.async_api")

    async def connect(space: Studio, page: Any, kind: Literal["up", "down"], lane: int = 0) -> Answer:
        made = await space.admit(await page.evaluate(offer, kind), kind, kind, lane, Output.AUDIENCE)
        await page.evaluate(ANSWER, [kind, made.sdp])
        await space.until(PeerJoined, lambda joined: joined.peer == kind)
        return made

    async def body() -> None:
        page_server = await served(b"<!doctype html><title>room</title>")
        async with studio() as space, playwright.async_playwright() as started:
            browser = await started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{page_server.sockets[0].getsockname()[1]}/")
            await space.engine.send(OpenLane(SPACE, 5, heard=True))
            made = await connect(space, page, "up", lane=5)
            assert made.level_extension > 0
            await connect(space, page, "down")
            await asyncio.sleep(4)
            stats = await page.evaluate(STATS)
            await browser.close()
            assert stats["received"] > 150
            assert stats["lost"] == 0
            assert stats["energy"] > 0
            flags = [flags for frames in space.of(Frames) for _, flags, _ in frames.lanes]
            assert FLAG_ACTIVE in flags
            assert max(level for levels in space.of(Levels) for _, level, _ in levels.levels) > -40
            counters = (await space.stats()).counters
            dropped = {name: count for name, count in counters.items() if name.startswith("dropped_")}
            assert dropped.keys() <= {"dropped_stun"}, "a check may overtake what control tells, sound may not"
        page_server.close()
        await page_server.wait_closed()

    run(body)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.interop("Chromium", "speaks, over TCP", "listens, over TCP")
def test_chromium_speaks_and_hears_over_tcp_where_udp_does_not_pass(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.async_api")
    said = tmp_path / "said.wav"
    with wave.open(str(said), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(tone(440, 4).tobytes())
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={said}"]
    encoder = Encoder()
    others = [encoder.encode(frame) for frame in tone(880, 2).reshape(-1, FRAME)]

    async def connect(space: Studio, page: Any, kind: Literal["up", "down"]) -> None:
        made = await space.admit(await page.evaluate(AS_IT_IS, kind), kind, kind, 5, group=5)
        lines = [line for line in made.sdp.split("\r\n") if not (line.startswith("a=candidate") and " udp " in line)]
        assert sum(" tcptype passive" in line for line in lines) == 1
        await page.evaluate(ANSWER, [kind, "\r\n".join(lines)])
        await space.until(PeerJoined, lambda joined: joined.peer == kind)

    async def talk(space: Studio) -> None:
        for counter in range(100_000):
            await space.engine.send(Uplink(SPACE, 11, counter, others[counter % len(others)]))
            await asyncio.sleep(0.02)

    async def body() -> None:
        page_server = await served(b"<!doctype html><title>room</title>")
        async with studio(tcp=True) as space, playwright.async_playwright() as started:
            browser = await started.chromium.launch(executable_path=CHROMIUM, args=flags)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{page_server.sockets[0].getsockname()[1]}/")
            for lane in (5, 11):
                await space.engine.send(OpenLane(SPACE, lane, heard=True))
            await connect(space, page, "up")
            await connect(space, page, "down")
            talking = asyncio.create_task(talk(space))
            heard = await page.evaluate(ANALYSE)
            protocols, stats = await page.evaluate(PROTOCOLS), await page.evaluate(STATS)
            spoken = [one for frames in space.of(Frames) for one in frames.lanes if one[0] == 5 and one[2]]
            now = await space.stats()
            talking.cancel()
            await browser.close()
            assert heard == pytest.approx(880, abs=5)
            assert protocols == ["tcp", "tcp"]
            assert stats["lost"] == 0
            assert now.gauges["streams"] == 2
            assert now.counters["streams_packets_dropped"] == 0
            decoder = Decoder()
            pcm = np.concatenate([decoder.decode(payload) for _, _, payload in spoken])
            assert pitch(pcm[-RATE:]) == pytest.approx(440, abs=5)
        page_server.close()
        await page_server.wait_closed()

    run(body)
