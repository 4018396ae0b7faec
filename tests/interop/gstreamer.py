"""GStreamer's `webrtcbin` as a peer of a Space on a real server, and the pitch of what came out."""

from __future__ import annotations

import json
import shutil
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.running import RunningServer

PEER = Path(__file__).with_name("gst_peer.py")
PYTHON = "/usr/bin/python3"


def has_gstreamer() -> bool:
    if shutil.which(PYTHON) is None:
        return False
    probe = "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0


class Stage:
    """A live Space, its host's token, and peers that join it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.host = server.account("host")["token"]
        with server.client(self.host) as api:
            self.place = f"/v1/spaces/{api.post('/v1/spaces', {'title': 'A', 'start': True})['id']}"
        self.space = self.place.rsplit("/", 1)[-1]

    def peer(self, way: str, *words: str) -> subprocess.Popen[str]:
        """`whip` (a tone of 440 Hz) or `whep`; the words are the peer's options."""
        return subprocess.Popen(
            [PYTHON, str(PEER), way, f"{self.server.url}{self.place}/{way}", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def speaks(self) -> bool:
        with self.server.client() as api:
            rows = api.get(f"{self.place}/people")["data"]
        return any(row["mic"] == "open" for row in rows)


def finished(peer: subprocess.Popen[str]) -> dict[str, Any]:
    """What a peer told at its end."""
    out, err = peer.communicate(timeout=40)
    assert peer.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def lanes(stage: Stage, folder: Path) -> Path:
    """Four seconds of what everybody hears in the Space now, as our own client decoded it."""
    path = folder / "lanes.wav"
    done = stage.server.run("", "listen", stage.space, "--output", str(path), "--seconds", "4", timeout=30)
    assert done.returncode == 0, done.stderr
    return path


def pitch(path: Path) -> float:
    """The strongest frequency of a sound file in its second half, in Hz."""
    half, rate = _second_half(path)
    assert half.std() > 500, "there is hardly any sound"
    return float(np.argmax(np.abs(np.fft.rfft(half))) * rate / len(half))


def is_silent(path: Path) -> bool:
    """Whether nothing is heard in a sound file's second half."""
    return float(_second_half(path)[0].std()) < 20


def _second_half(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    with wave.open(str(path)) as file:
        rate, sound = file.getframerate(), np.frombuffer(file.readframes(1 << 30), np.int16)
    return sound[len(sound) // 2 :].astype(np.float64), rate
