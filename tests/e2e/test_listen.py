"""`listen.ogg` as players take it: ffmpeg and ffprobe, in the middle of a Space, and one that does not read."""

from __future__ import annotations

import json
import socket
import subprocess
import wave
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.live.broadcast import BURST_PAGES, PAGE_TICKS
from tests.e2e.test_recording import ok, pcm
from tests.listening import likeness, voice
from tests.running import RunningServer, running_server, wait_until

SECONDS = 3.0
BURST = BURST_PAGES * PAGE_TICKS * TICK_SECONDS


@pytest.fixture
def said(tmp_path: Path) -> Path:
    with wave.open(str(tmp_path / "said.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(voice(9, SECONDS).tobytes())
    return tmp_path / "said.wav"


def people(server: RunningServer, space: str) -> int:
    with server.client() as api:
        return int(api.get(f"/v1/spaces/{space}")["participant_count"])


@pytest.mark.timeout(60)
@pytest.mark.interop("ffmpeg", "plays listen.ogg")
def test_ffmpeg_hears_a_space_that_it_joins_in_the_middle(tmp_path: Path, said: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        host = server.account("host")["token"]
        space = ok(server.run(host, "create", "A", "--start", "--json"))["id"]
        speaking = server.start(host, "speak", space, "--file", str(said), "--loop", "--consent")
        wait_until(lambda: people(server, space) == 1)
        url = f"{server.url}/v1/spaces/{space}/listen.ogg"
        probed = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "json", url],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert not probed.returncode, probed.stderr
        [stream] = json.loads(probed.stdout)["streams"]
        assert (stream["codec_name"], stream["sample_rate"], stream["channels"]) == ("opus", "48000", 1)
        heard = tmp_path / "heard.wav"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", url, "-t", str(BURST + SECONDS * 2), str(heard)], timeout=30, check=True
        )
        wait_until(lambda: people(server, space) == 1)  # it has left
        speaking.terminate()
        speaking.communicate()
        sound = pcm(heard)
        assert len(sound) / 48_000 == pytest.approx(BURST + SECONDS * 2, abs=0.1)
        begun = int((BURST - 0.1) * 48_000)  # for the first player the seconds before it came are silence
        assert not sound[:begun].any()
        sound = sound[begun:]
        # On a busy machine a tick may be skipped, and is silence then; another voice has hardly anything in common.
        assert likeness(sound, pcm(said)) > 0.5 > 0.3 > likeness(sound, voice(10, SECONDS))


@pytest.mark.timeout(90)
def test_a_player_that_does_not_read_is_cut_off_and_the_rest_play_on(tmp_path: Path, said: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        host = server.account("host")["token"]
        space = ok(server.run(host, "create", "A", "--start", "--json"))["id"]
        speaking = server.start(host, "speak", space, "--file", str(said), "--loop", "--consent")
        place = urlsplit(server.url)
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            stuck.connect((place.hostname, place.port))
            stuck.sendall(f"GET /v1/spaces/{space}/listen.ogg HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            wait_until(lambda: people(server, space) == 2)
            wait_until(lambda: people(server, space) == 1, 75)
        assert speaking.poll() is None
        speaking.terminate()
        speaking.communicate()
