"""A real browser on the public page of a Space: it looks, listens, speaks with its fake microphone, and reads captions."""

from __future__ import annotations

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bots import casts
from spacesctl.audio.ogg import read_packets
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of
from tests.e2e.scene import Scene, run, scene
from tests.listening import RATE, Sound, likeness, voice

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
MICROPHONE, LANE = voice(11, 3.0), voice(12, 3.0)
VIOLATIONS = """
  window.violations = [];
  addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
TRACKS = "captured.map((track) => track.readyState)"
"""Every track that the page ever got of a microphone: `live` or `ended`."""
CAPTURED = """
  window.captured = [];
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) navigator.mediaDevices.getUserMedia = async (...what) => {
    const stream = await open(...what);
    captured.push(...stream.getTracks());
    return stream;
  };
"""
# Of a stream there is nothing to tell before its first packet, which comes after the connection.
HEARS = """space.listening.peer?.getStats().then((stats) => [...stats.values()].some((one) => one.type === "inbound-rtp"))"""
HEARD = """async () => {
  const stats = [...(await space.listening.peer.getStats()).values()].find((one) => one.type === "inbound-rtp");
  window.context ||= new AudioContext();
  if (!window.analyser) {
    window.analyser = context.createAnalyser();
    context.createMediaStreamSource(document.getElementById("audio").srcObject).connect(analyser);
  }
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return {
    energy: stats.totalAudioEnergy,
    lost: stats.packetsLost,
    received: stats.packetsReceived,
    peak: Math.max(...samples.map(Math.abs)),
  };
}"""


class Tab:
    """A page, and what went wrong in it: `errors` of its console, its scripts and its security policy."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._errors: list[str] = []
        page.on("console", lambda message: self._errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._errors.append(str(error)))

    async def errors(self) -> list[str]:
        return [*self._errors, *await self.page.evaluate("violations")]

    async def signs_in(self, token: str) -> None:
        """With a token, which the page takes under `Speak`."""
        if not await self.page.is_visible("#token"):
            await self.page.click("#speak summary")
        await self.page.fill("#token", token)
        await self.page.click("#speak-button")
        await self.page.wait_for_selector("#speak", state="hidden")

    async def text(self, name: str) -> str:
        return str(await self.page.inner_text(f"#{name}"))

    async def reads(self, name: str, text: str, seconds: float = 8.0) -> None:
        """Until an element has this in its text."""
        try:
            async with asyncio.timeout(seconds):
                while text.lower() not in (await self.text(name)).lower():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"#{name} reads {await self.text(name)!r}") from None

    async def holds(self, expression: str, seconds: float = 8.0) -> None:
        """Until a JavaScript expression is true. (Playwright's own waiting polls by `eval`, which the page's policy forbids.)"""
        try:
            async with asyncio.timeout(seconds):
                while not await self.page.evaluate(expression):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never true: {expression}") from None


@asynccontextmanager
async def tab(tmp_path: Path, microphone: Sound = MICROPHONE, **context: Any) -> AsyncIterator[Tab]:
    """Chromium with an empty profile, whose microphone says `microphone` again and again."""
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            args=[*FLAGS, _says(tmp_path, microphone)],
            **context,
        )
        await browser.add_init_script(VIOLATIONS)
        await browser.add_init_script(CAPTURED)
        yield Tab(await browser.new_page())
        await browser.close()


@asynccontextmanager
async def tabs(tmp_path: Path, count: int, microphone: Sound = MICROPHONE, **context: Any) -> AsyncIterator[list[Tab]]:
    """One Chromium in which so many people are, each with cookies and permissions of their own."""
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, _says(tmp_path, microphone)])
        found = []
        for _ in range(count):
            one = await browser.new_context(permissions=["microphone"], **context)
            await one.add_init_script(VIOLATIONS)
            await one.add_init_script(CAPTURED)
            found.append(Tab(await one.new_page()))
        yield found
        await browser.close()


def _says(tmp_path: Path, microphone: Sound) -> str:
    """The flag by which Chromium's microphone says this again and again."""
    sound = tmp_path / "microphone.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(microphone.tobytes())
    return f"--use-file-for-fake-audio-capture={sound}"


def address(room: Scene) -> str:
    return f"{room.server.url}/s/{room.space}"


@pytest.mark.interop("Chromium", "listens")
def test_the_page_shows_who_speaks_and_its_listen_button_brings_the_sound(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", title="Evening round") as room, tab(tmp_path) as browser:
            page = browser.page
            speaker = await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(LANE)))
            answer = await page.goto(address(room))
            assert answer.status == 200
            await browser.reads("title", "Evening round")
            assert await page.title() == "Evening round"
            await browser.reads("state", "live")
            await browser.reads("stage", "@ann")
            await browser.reads("stage", "@host")
            await browser.reads("captions-note", "captions are off")
            await page.wait_for_selector("#stage li.talking:has-text('@ann')")
            await page.click("#listen")
            await browser.reads("listen", "stop listening")
            await browser.holds(HEARS)
            before = await page.evaluate(HEARD)
            await asyncio.sleep(2.0)
            peaks = [(await page.evaluate(HEARD))["peak"] for _ in range(20)]
            after = await page.evaluate(HEARD)
            assert after["energy"] > before["energy"] + 0.001
            assert after["received"] - before["received"] > 90
            assert after["lost"] == 0
            assert max(peaks) > 0.02
            assert (await room.anyone.call("GET", f"{room.place}/people"))["anonymous"] == 1
            await room.act("mute", "ann")
            await browser.reads("stage", "muted")
            assert speaker.told == [{"event": "muted"}]
            await room.as_host.call("PATCH", room.place, {"title": "Evening round, second half"})
            await browser.reads("title", "second half")
            await page.click("#listen")
            await browser.reads("listen", "listen")
            async with asyncio.timeout(5):
                while (await room.anyone.call("GET", f"{room.place}/people"))["anonymous"]:
                    await asyncio.sleep(0.05)
            assert await browser.errors() == []

    run(body)


@pytest.mark.interop("Chromium", "speaks")
def test_who_speaks_from_the_page_is_heard_and_does_not_hear_themselves(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "web", "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            listener = await room.stack.enter_async_context(LaneListener(room))
            own = await room.stack.enter_async_context(LaneListener(room, "web"))
            await page.goto(address(room))
            await browser.reads("state", "live")
            await page.click("#speak summary")
            await page.fill("#token", "spx_wrong")
            await page.click("#speak-button")
            await browser.reads("message", "token")
            assert len(await browser.errors()) == 1, "Chromium tells of the 401 in the console itself"
            await browser.signs_in(room.tokens["web"])
            await browser.reads("place", "on stage")
            assert await page.evaluate(TRACKS) == [], "no microphone is open yet"
            await page.click("#mic")
            await browser.reads("mic", "close the microphone")
            await browser.reads("listen", "stop listening")
            await browser.holds("space.speaking.peer.connectionState === 'connected'")
            await asyncio.sleep(1.0)
            listener.forget()
            own.forget()
            await asyncio.sleep(5.0)
            heard, mine = likeness(listener.heard(), MICROPHONE), likeness(own.heard(), MICROPHONE)
            assert heard > 0.4
            assert mine < 0.2
            assert len(await browser.errors()) == 1
            await page.click("#mic")
            await browser.reads("mic", "open the microphone")
            assert await page.evaluate(TRACKS) == ["ended"]
            people: list[Any] = []

            async def open_now() -> None:
                people[:] = (await room.anyone.call("GET", f"{room.place}/people"))["data"]

            async with asyncio.timeout(5):
                await open_now()
                while any(one["mic"] == "open" for one in people):
                    await open_now()

    run(body)


def test_where_a_recording_runs_the_page_says_so_and_opens_the_microphone_of_who_agrees(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "web") as room, tab(tmp_path) as browser:
            page = browser.page
            await page.goto(address(room))
            await browser.reads("state", "live")
            assert not await page.is_visible("#rec")
            await browser.signs_in(room.tokens["web"])
            await page.wait_for_selector("#mic", state="visible")
            assert not await page.is_visible("#agree")
            await room.as_host.call("POST", f"{room.place}/recording", {})
            await page.wait_for_selector("#rec", state="visible")
            await browser.reads("bots", "recorded")
            box, words = await page.locator("#agree").bounding_box(), await page.locator("#agree-line").bounding_box()
            assert box["height"] < words["height"] < 2 * box["height"], "the box stands beside its words"
            await page.click("#mic")
            await browser.reads("message", "agree")
            assert await page.evaluate(f"!space.speaking.isOpen && {TRACKS}.every((one) => one === 'ended')")
            await page.check("#agree")
            await page.click("#mic")
            await browser.reads("mic", "close the microphone")
            await room.as_host.call("DELETE", f"{room.place}/recording")
            await page.wait_for_selector("#rec", state="hidden")
            assert len(await browser.errors()) == 1, "Chromium tells of the refusal in the console itself"

    run(body)


def test_captions_appear_on_the_page_as_they_are_spoken_and_stay(tmp_path: Path) -> None:
    cast = casts.load("cast_a")
    packets = list(read_packets(cast.host.clip.read_bytes()))

    async def body() -> None:
        async with scene(tmp_path, "ann", flags=(), captions=True) as room, tab(tmp_path) as browser:
            page = browser.page
            async with asyncio.timeout(20):
                while not (await room.as_host.call("GET", room.place))["captions_status"]["ready"]:
                    await asyncio.sleep(0.1)
            await page.goto(address(room))
            await browser.reads("captions-note", "model")
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets))
            await browser.reads("partial", "@ann", 20)
            await browser.reads("captions", "@ann", 20)
            async with asyncio.timeout(20):
                while len(await page.query_selector_all("#captions li")) < 2:
                    await asyncio.sleep(0.1)
            shown = [await line.inner_text() for line in await page.query_selector_all("#captions li")]
            stored = (await room.as_host.call("GET", f"{room.place}/captions"))["data"]
            for line, caption in zip(shown, stored, strict=False):
                assert caption["text"] in line
                assert "@ann" in line
            await page.reload()
            await browser.reads("captions", stored[0]["text"])
            assert await browser.errors() == []

    run(body)


def test_pages_of_spaces_that_are_to_come_over_or_unknown_say_so(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room, tab(tmp_path, locale="en-GB", timezone_id="Europe/Paris") as browser:
            page = browser.page
            coming = datetime(datetime.now(UTC).year + 1, 7, 1, 16, 30, tzinfo=UTC)
            scheduled = await room.new_space(start=False, title="Later", scheduled_start=coming.isoformat())
            assert (await page.goto(f"{room.server.url}/s/{scheduled}")).status == 200
            await browser.reads("title", "Later")
            await browser.reads("state", "18:30")
            await browser.reads("state", str(coming.year))
            assert not await page.is_visible("#listen")
            await room.as_host.call("POST", f"/v1/spaces/{scheduled}/start")
            await browser.reads("state", "live")
            assert await page.is_visible("#listen")
            assert await browser.errors() == []
            await room.as_host.call("POST", f"/v1/spaces/{scheduled}/end")
            await browser.reads("state", "ended")
            await browser.reads("message", "has ended")
            assert not await page.is_visible("#listen")
            assert (await page.goto(f"{room.server.url}/s/{scheduled}")).status == 410
            await browser.reads("message", "has ended")
            await browser.reads("state", "ended")
            for unknown in ("AAAAAAAAAAAAA", "x", "%22%3E%3Cscript%3Ealert(1)"):
                assert (await page.goto(f"{room.server.url}/s/{unknown}")).status == 404
                await browser.reads("message", "no such Space")
                assert "ended" not in await browser.text("state")
            assert await page.evaluate("violations") == []

    run(body)


def test_what_people_write_is_shown_as_text(tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"

    async def body() -> None:
        async with scene(tmp_path, title=hostile) as room, tab(tmp_path) as browser:
            await browser.page.goto(address(room))
            await browser.reads("title", hostile)
            assert await browser.page.query_selector("h1 *") is None
            assert await browser.errors() == []

    run(body)
