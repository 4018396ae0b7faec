"""`speak --mic` with a sound server of the test's own, whose one microphone hears a tone: so do those who listen."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.running import RunningServer, running_server, spacesctl, wait_until

pytestmark = pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="needs pulseaudio")
HERTZ = 440


@contextlib.contextmanager
def microphone(folder: Path) -> Iterator[dict[str, str]]:
    """The surroundings of a machine with one microphone, called "desk"."""
    folder.mkdir()
    socket = folder / "sound"
    config = folder / "asound.conf"
    names = "".join(
        f'pcm.{name} {{ type pulse server "unix:{socket}" device "desk" }}\n' for name in ("!default", "desk")
    )
    config.write_text(names)
    voice = folder / "voice"
    words = [
        *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
        *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"),
        *("-L", f"module-pipe-source source_name=desk file={voice} format=s16le rate=48000 channels=1"),
    ]
    surroundings = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(words, env=os.environ | surroundings, stdout=log, stderr=log)
    over = threading.Event()
    humming = threading.Thread(target=hum, args=(voice, over))
    try:
        wait_until(lambda: socket.exists() and voice.exists())
        humming.start()
        yield surroundings | {"ALSA_CONFIG_PATH": str(config)}
    finally:
        over.set()
        server.terminate()
        server.wait(10)
        if humming.ident is not None:
            humming.join()


def hum(pipe: Path, over: threading.Event) -> None:
    """A tone into a pipe, as fast as it sounds."""
    second = (9000 * np.sin(2 * np.pi * HERTZ * np.arange(48_000) / 48_000)).astype(np.int16).reshape(50, -1)
    began = time.monotonic()
    with pipe.open("wb", buffering=0) as file, contextlib.suppress(BrokenPipeError):
        for number in itertools.count():
            if over.wait(max(0.0, began + number * 0.02 - time.monotonic())):
                return
            file.write(second[number % 50].tobytes())


def start(server: RunningServer, token: str, surroundings: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*spacesctl("speak"), *words], env=server.env(token) | surroundings,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def pitch(path: Path) -> float:
    """Of the last second, in Hz."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)[-48_000:]
    assert np.abs(pcm).max() > 500
    return float(np.argmax(np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))) * 48_000 / len(pcm))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[tuple[RunningServer, str, str]]:
    """A server, the token of a host, and their live Space."""
    with running_server(tmp_path / "data", "--no-bots") as server:
        host = server.account("host")["token"]
        with server.client(host) as spaces:
            made = spaces.post("/v1/spaces", {"title": "T", "start": True, "captions": False})
        yield server, host, made["id"]


@pytest.mark.alone
def test_what_the_microphone_hears_is_heard_by_who_listens(
    stage: tuple[RunningServer, str, str], tmp_path: Path
) -> None:
    server, host, space = stage
    with microphone(tmp_path / "desk") as surroundings:
        speaking = start(server, host, surroundings, space, "--mic", "--device", "desk", "--seconds", "5", "--json")
        heard = tmp_path / "heard.wav"
        done = server.run("", "listen", space, "--output", str(heard), "--seconds", "4", "--json")
        assert done.returncode == 0, done.stderr
        out, err = speaking.communicate(timeout=20)
        assert speaking.returncode == 0, err
        spoken = json.loads(out)
        assert (spoken["frames"], spoken["ended"], spoken["lost"]) == (250, None, 0)
    assert pitch(heard) == pytest.approx(HERTZ, abs=3)


def test_who_interrupts_it_is_told_how_long_they_spoke(stage: tuple[RunningServer, str, str], tmp_path: Path) -> None:
    server, host, space = stage
    with microphone(tmp_path / "desk") as surroundings:
        speaking = start(server, host, surroundings, space, "--mic", "--json")
        with server.client(host) as spaces:
            wait_until(lambda: spaces.get(f"/v1/spaces/{space}")["speaker_ids"])
        speaking.send_signal(signal.SIGINT)
        out, err = speaking.communicate(timeout=20)
    assert speaking.returncode == 130, err
    assert json.loads(out)["ended"] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [(["--device", "cellar"], 2, "this machine has no microphone 'cellar' (--device takes"), ([], 5, "this machine has no microphone")],
    ids=["another name", "none at all"],
)  # fmt: skip
def test_a_microphone_that_is_not_there_is_told_in_a_line(
    stage: tuple[RunningServer, str, str], tmp_path: Path, words: list[str], status: int, said: str
) -> None:
    server, host, space = stage
    with microphone(tmp_path / "desk") as surroundings:
        if not words:
            Path(surroundings["ALSA_CONFIG_PATH"]).write_text("pcm.none { type empty }\n")
        speaking = start(server, host, surroundings, space, "--mic", *words)
        out, err = speaking.communicate(timeout=20)
    assert (speaking.returncode, out) == (status, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1, err
