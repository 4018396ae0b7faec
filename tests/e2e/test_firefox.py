"""The page of a Space in Firefox: it listens, reads captions, speaks with a microphone that it owns, and falls back to the stream."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.firefox import FIREFOX, firefox
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of
from tests.e2e.scene import run, scene
from tests.e2e.test_browser import address
from tests.listening import RATE, voice

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed"),
]
PACKETS = """Promise.resolve(space.listening.peer?.getStats() ?? []).then((stats) =>
  [...stats.values()].find((one) => one.type === "inbound-rtp" && one.kind === "audio")?.packetsReceived ?? 0)"""
PEAK = """(async () => {
  window.context ||= new AudioContext();
  if (!window.analyser) {
    window.analyser = context.createAnalyser();
    context.createMediaStreamSource(document.getElementById("audio").srcObject).connect(analyser);
  }
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
})()"""


def test_firefox_listens_speaks_is_muted_and_leaves(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, firefox(tmp_path) as page:
            ears = await room.stack.enter_async_context(LaneListener(room))
            await room.account("ben")
            async with LaneSpeaker(room, "ann", packets_of(voice(12, 3.0))):
                await page.goto(address(room))
                await page.reads("state", "live")
                await page.click("#listen")
                await page.holds(f"({PACKETS}).then((count) => count > 50)", 20)
                await page.holds(f"({PEAK}).then((peak) => peak > 0.02)", 20)
                await page.reads("talking", "@ann")
            await page.click("#speak summary")
            await page.fill("#token", room.tokens["ben"])
            await page.click("#speak-button")
            await page.holds("!document.getElementById('place').innerText.includes('without an account')")
            await page.click("#mic")
            await page.reads("mic", "close the microphone")
            await asyncio.sleep(1.0)
            ears.forget()
            await asyncio.sleep(2.0)
            heard = np.asarray(ears.heard(), np.float64)
            assert np.sqrt(np.mean(heard**2)) > 100, "the tone of Firefox's microphone is heard"
            spectrum = np.abs(np.fft.rfft(heard))
            loudest = float(np.fft.rfftfreq(len(heard), 1 / RATE)[int(spectrum.argmax())])
            assert 200 < loudest < 1_500
            await room.as_host.call("POST", f"{room.place}/people/@ben/mute", {"reason": "too loud"})
            await page.reads("place", "muted by @host")
            assert await page.sees("captured.map((track) => track.readyState)") == ["ended"]
            await room.as_host.call("POST", f"{room.place}/people/@ben/kick", {"reason": "spam"})
            await page.reads("message", "removed by @host")
            assert await page.sees("violations") == []
            assert page.errors == []

    run(body)


def test_firefox_hears_the_stream_where_webrtc_is_shut_off(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            scene(tmp_path, "ann") as room,
            firefox(tmp_path) as page,
            LaneSpeaker(room, "ann", packets_of(voice(12, 3.0))),
        ):
            await page.goto(address(room))
            await page.reads("state", "live")
            await page.sees("(window.RTCPeerConnection = function () { throw new Error('shut off'); }, 1)")
            await page.click("#listen")
            await page.holds("[...document.querySelectorAll('audio')].some((one) => one.currentTime > 1)", 20)

    run(body)
