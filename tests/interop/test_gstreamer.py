"""GStreamer's `webrtcbin`, both ways: what it says is heard, and what it hears was said."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.running import RunningServer, running_server, wait_until

PEER = Path(__file__).with_name("gst_peer.py")
PYTHON = "/usr/bin/python3"
TONE = 440.0


def has_gstreamer() -> bool:
    if shutil.which(PYTHON) is None:
        return False
    probe = "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.skipif(not has_gstreamer(), reason="needs python3-gi, gstreamer1.0-nice and -plugins-bad of Debian"),
    pytest.mark.timeout(90),
]


class Stage:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.host = server.account("host")["token"]
        with server.client(self.host) as api:
            self.place = f"/v1/spaces/{api.post('/v1/spaces', {'title': 'A', 'start': True})['id']}"
        self.space = self.place.rsplit("/", 1)[-1]

    def peer(self, way: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PYTHON, str(PEER), way, f"{self.server.url}{self.place}/{way}", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def speaks(self) -> bool:
        with self.server.client() as api:
            rows = api.get(f"{self.place}/people")["data"]
        return any(row["mic"] == "open" for row in rows)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_server(tmp_path / "data", "--no-bots") as server:
        yield Stage(server)


def finished(peer: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = peer.communicate(timeout=40)
    assert peer.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def pitch(path: Path) -> float:
    """The strongest frequency of a sound file in its second half, in Hz."""
    with wave.open(str(path)) as file:
        rate, sound = file.getframerate(), np.frombuffer(file.readframes(1 << 30), np.int16)
    half = sound[len(sound) // 2 :].astype(float)
    assert half.std() > 500, "there is hardly any sound"
    return float(np.argmax(np.abs(np.fft.rfft(half))) * rate / len(half))


def test_a_tone_goes_in_by_whip_and_comes_out_by_whep(stage: Stage, tmp_path: Path) -> None:
    speaking = stage.peer("whip", "--token", stage.host, "--seconds", "14")
    wait_until(stage.speaks, 15)
    hearing = stage.peer("whep", "--seconds", "8", "--out", str(tmp_path / "webrtc.wav"))
    lanes = stage.server.run(
        "", "listen", stage.space, "--output", str(tmp_path / "lanes.wav"), "--seconds", "5", timeout=30
    )
    assert lanes.returncode == 0, lanes.stderr
    for peer in (hearing, speaking):
        told = finished(peer)
        assert told["state"] == "connected", told
    for name in ("lanes.wav", "webrtc.wav"):
        assert pitch(tmp_path / name) == pytest.approx(TONE, abs=3.0)
    assert sys.executable != PYTHON
