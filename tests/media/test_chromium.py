"""A real browser speaks and listens: Chromium with its fake microphone, which beeps once a second."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from spacesctl.media.messages import AUDIENCE, FLAG_ACTIVE, OpenLane, PeerJoined
from tests.media.studio import SPACE, Frames, Levels, run, studio

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
ANSWER = "async ([kind, sdp]) => pcs[kind].setRemoteDescription({type: 'answer', sdp})"
STATS = """async () => {
  const found = [...(await pcs.down.getStats()).values()].find((one) => one.type === 'inbound-rtp');
  return {received: found.packetsReceived, lost: found.packetsLost, energy: found.totalAudioEnergy};
}"""


async def served(html: bytes) -> asyncio.Server:
    """A page on 127.0.0.1, where browsers give a microphone without TLS."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(html) + html)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_chromium_speaks_and_hears_itself_as_the_audience_does():
    playwright = pytest.importorskip("playwright.async_api")

    async def connect(space, page, kind, lane=0):
        made = await space.admit(await page.evaluate(OFFER, kind), kind, kind, lane, AUDIENCE)
        await page.evaluate(ANSWER, [kind, made.sdp])
        await space.until(PeerJoined, lambda joined: joined.peer == kind)
        return made

    async def body():
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
            assert (await space.stats()).counters["packets_dropped"] == 0
        page_server.close()
        await page_server.wait_closed()

    run(body)
