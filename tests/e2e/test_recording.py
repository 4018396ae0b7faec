"""Recording with a real engine: what a listener heard is in the file, and a killed server loses at most a second of it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.listening import Sound, likeness, voice
from tests.running import RunningServer, running_server, wait_until


def pcm(path: Path) -> Sound:
    """`int16`, 48 kHz mono."""
    resampler = av.AudioResampler("s16", "mono", 48_000)
    with av.open(str(path)) as container:
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Five seconds of a voice."""
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(voice(5, 5.0).tobytes())
    return tmp_path / "voice.wav"


def ok(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def finished(server: RunningServer, token: str) -> dict[str, Any]:
    def done() -> bool:
        return bool(ok(server.run(token, "recordings", "list", "--json"))[0]["state"] == "done")

    wait_until(done)
    found: dict[str, Any] = ok(server.run(token, "recordings", "list", "--json"))[0]
    return found


@pytest.mark.timeout(90)
def test_what_is_said_is_in_the_mix_and_in_the_lane_and_the_host_fetches_both(tmp_path: Path, clip: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        host, ann = server.account("host")["token"], server.account("ann")["token"]
        space = ok(server.run(host, "create", "A", "--start", "--speakers", "everyone", "--record-lanes", "--json"))[
            "id"
        ]
        refused = server.run(ann, "speak", space, "--file", str(clip))
        assert (refused.returncode, "recorded" in refused.stderr) == (5, True)
        ok(server.run(ann, "speak", space, "--file", str(clip), "--consent", "--json", timeout=40))
        ok(server.run(host, "record", "stop", space, "--json"))
        found = finished(server, host)
        paths = [
            Path(one["file"])
            for one in ok(server.run(host, "recordings", "get", found["id"], "--out", str(tmp_path), "--json"))
        ]
        assert [path.name for path in paths] == [f"{found['id']}-lane-00001.ogg", f"{found['id']}-mix.ogg"]
        said = pcm(clip)
        # On a busy machine ticks are skipped, and are silence then; another voice has hardly anything in common.
        other = voice(6, 5.0)
        for path in paths:
            assert likeness(pcm(path), said) > 0.5 > 0.3 > likeness(pcm(path), other)
        assert server.run(ann, "recordings", "get", found["id"]).returncode == 3
        server.run(host, "recordings", "delete", found["id"], "--yes")
        assert ok(server.run(host, "recordings", "list", "--json")) == []


@pytest.mark.timeout(90)
def test_a_killed_server_loses_at_most_a_second_and_goes_on(tmp_path: Path, clip: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        host, http, udp = server.account("host")["token"], server.http, server.udp
        space = ok(server.run(host, "create", "A", "--start", "--record", "--json"))["id"]
        speaking = server.start(host, "speak", space, "--file", str(clip), "--loop", "--consent")
        mix = tmp_path / "data" / "recordings" / f"{space}-1" / "mix.ogg"
        wait_until(lambda: mix.exists() and mix.stat().st_size > 10_000, 20)
        killed_after = time.monotonic()
        server.stop(signal.SIGKILL)
        speaking.kill()
        speaking.communicate()
        kept = mix.stat().st_size
    with running_server(tmp_path / "data", "--no-bots", http=http, udp=udp) as server:
        wait_until(lambda: mix.stat().st_size > kept)
        away = time.monotonic() - killed_after
        speaking = server.start(host, "speak", space, "--file", str(clip), "--loop", "--consent")
        wait_until(lambda: mix.stat().st_size > kept + 10_000, 20)
        speaking.terminate()
        speaking.communicate()
        ok(server.run(host, "end", space, "--yes", "--json"))
        found = finished(server, host)
        since = json.loads(server.run(host, "show", space, "--json").stdout)
        [got] = ok(server.run(host, "recordings", "get", found["id"], "--out", str(tmp_path), "--json"))
    heard = pcm(Path(got["file"]))
    lasted = _seconds(since["started_at"], since["ended_at"])
    assert len(heard) / 48_000 == pytest.approx(lasted, abs=1.0)  # on one clock, over the gap
    quiet = _longest_silence(heard)
    assert quiet < away + 3.0


def _seconds(first: str, last: str) -> float:
    from spacesctl.domain.clock import parse_rfc3339

    return (parse_rfc3339(last) - parse_rfc3339(first)).total_seconds()


def _longest_silence(heard: Sound) -> float:
    """Seconds; pauses between words are short."""
    loud = np.abs(heard[: len(heard) // 4800 * 4800].reshape(-1, 4800)).max(axis=1) > 100
    longest = run = 0
    first = int(np.argmax(loud))
    for one in loud[first : len(loud) - int(np.argmax(loud[::-1]))]:
        run = 0 if one else run + 1
        longest = max(longest, run)
    return longest / 10
