"""Players of others on `listen.ogg`: they start at once and play on, in a room where somebody speaks and in one where nobody does."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.test_browser import CHROMIUM, FLAGS
from tests.e2e.test_recording import ok
from tests.listening import voice
from tests.running import RunningServer, running_server, wait_until

WITHIN: Final = 3.0
"""Seconds. Players start in less than one (docs/performance.md), but CI's machine may be busy."""
PLAYS: Final = 15.0
"""Seconds in which all that was given at the start is played three times over."""
TITLE: Final = "Tea & crumpets"
PLAYED = """([url, seconds]) => new Promise((done) => {
  const audio = new Audio(), events = [], begun = performance.now();
  const now = () => (performance.now() - begun) / 1000;
  let first = null, started = null;
  for (const name of ["playing", "waiting", "error", "ended"])
    audio.addEventListener(name, () => events.push([name, now()]));
  audio.addEventListener("playing", () => { first ??= audio.currentTime; });
  setInterval(() => { if (first !== null && audio.currentTime > first + 0.02) started ??= now(); }, 10);
  setTimeout(() => done({ events, started, played: audio.currentTime - first }), 1000 * seconds);
  audio.src = url;
  audio.play().catch((error) => events.push([String(error), now()]));
})"""
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(120)]


@pytest.fixture(params=["somebody speaks", "nobody speaks"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a Space in which a player has listened for some time already."""
    with running_server(tmp_path / "data", "--no-bots") as server:
        host = server.account("host")["token"]
        space = ok(server.run(host, "create", TITLE, "--start", "--json"))["id"]
        speaking = speaker(server, host, space, tmp_path) if request.param == "somebody speaks" else None
        yield f"{server.url}/v1/spaces/{space}/listen.ogg"
        if speaking is not None:
            assert speaking.poll() is None
            speaking.terminate()
            speaking.communicate()


def speaker(server: RunningServer, host: str, space: str, folder: Path) -> subprocess.Popen[str]:
    with wave.open(str(folder / "said.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(voice(9, 3.0).tobytes())
    speaking = server.start(host, "speak", space, "--file", str(folder / "said.wav"), "--loop", "--consent")
    with server.client() as api:
        wait_until(lambda: api.get(f"/v1/spaces/{space}")["participant_count"] == 1)
    return speaking


def in_ffmpeg(url: str, seconds: float) -> tuple[float, float, float, str]:
    """When the first sound was decoded, how much there was, when it ended, and what ffmpeg said."""
    began = time.monotonic()
    words = ["ffmpeg", "-nostdin", "-v", "warning", "-i", url, "-f", "s16le", "-t", str(seconds), "-"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as playing:
        assert playing.stdout is not None
        assert playing.stderr is not None
        assert playing.stdout.read(960)
        started = time.monotonic() - began
        sound = 960 + len(playing.stdout.read())
        return started, sound / 96_000, time.monotonic() - began, playing.stderr.read().decode()


@pytest.mark.interop("ffmpeg", "starts listen.ogg at once")
def test_ffmpeg_decodes_the_first_sound_at_once_and_goes_on(url: str) -> None:
    started, sound, took, told = in_ffmpeg(url, PLAYS)
    assert started < WITHIN, started
    assert told == ""
    assert sound == pytest.approx(PLAYS, abs=0.1)
    assert took < PLAYS, "it begins some seconds before the present"


@pytest.mark.interop("ffmpeg", "shows the title of listen.ogg")
def test_ffprobe_shows_the_title(url: str) -> None:
    words = ["ffprobe", "-v", "error", "-show_entries", "stream_tags:format_tags", "-of", "default=nw=1", url]
    probed = subprocess.run(words, capture_output=True, text=True, timeout=10, check=True)
    assert (probed.stdout.strip(), probed.stderr) == (f"TAG:TITLE={TITLE}", "")


def in_mpv(url: str, seconds: float) -> tuple[float, list[tuple[float, str]]]:
    """When it advanced for the first time, and what it said at which times."""
    status = "AT ${=time-pos} ${=paused-for-cache}"
    words = ["mpv", "--no-config", "--ao=null", "--no-video", f"--length={seconds}", f"--term-status-msg={status}", url]
    began, said = time.monotonic(), list[tuple[float, str]]()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as playing:
        assert playing.stdout is not None
        while piece := os.read(playing.stdout.fileno(), 1 << 16):
            said.append((time.monotonic() - began, piece.decode(errors="replace")))
    assert playing.returncode == 0, said
    played = [(at, where) for at, piece in said for where in re.findall(r"AT ([\d.]+) no", piece)]
    return next(at for at, where in played if float(where) > float(played[0][1])), said


@pytest.mark.skipif(shutil.which("mpv") is None, reason="mpv is not installed")
@pytest.mark.interop("mpv", "starts listen.ogg at once")
def test_mpv_starts_at_once_and_plays_on(url: str) -> None:
    started, said = in_mpv(url, PLAYS)
    told = "".join(piece for _, piece in said)
    assert started < WITHIN, started
    assert f"Title: {TITLE}" in told
    assert said[-1][0] < PLAYS + WITHIN
    assert set(re.findall(r"AT [\d.]+ (\w+)", told)) == {"no"}, "it never waits"


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.interop("Chromium", "plays listen.ogg")
@pytest.mark.parametrize("late", [False, True], ids=["the first player", "a later one"])
def test_chromium_starts_at_once_and_plays_on(url: str, late: bool, tmp_path: Path) -> None:
    with subprocess.Popen(["curl", "-sN", url, "-o", "/dev/null"]) if late else subprocess.Popen(["true"]) as first:
        if late:
            time.sleep(7)
        played = asyncio.run(in_chromium(url, PLAYS, tmp_path))
        first.terminate()
    assert {name for name, _ in played["events"]} <= {"playing", "waiting"}
    assert played["started"] < WITHIN, played
    assert played["played"] > PLAYS - WITHIN, played


async def in_chromium(url: str, seconds: float, folder: Path) -> dict[str, Any]:
    """What an `<audio>` does on a page of the same server."""
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch_persistent_context(
            str(folder / "profile"), executable_path=CHROMIUM, args=FLAGS
        )
        page = await browser.new_page()
        await page.goto(url.replace("/v1/spaces/", "/s/").removesuffix("/listen.ogg"))
        played: dict[str, Any] = await page.evaluate(PLAYED, [url, seconds])
        await browser.close()
    return played
