"""The child that reads what strangers upload: what it gives up before it looks."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from spacesctl.audio.downmix import Downmix
from tests.listening import Sound, loudness, voice

_CONFINED = "from spacesctl.audio import transcode; transcode.confine(); "


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("bytearray(2 << 30)", "MemoryError"),
        ("open('big', 'wb').write(bytes(8 << 20))", "File too large"),
        ("[open('/dev/null') for _ in range(20)]", "Too many open files"),
    ],
)
def test_what_reads_a_clip_cannot_take_more_than_its_share(tmp_path: Path, deed: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED + deed], cwd=tmp_path, capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 1
    assert words in done.stderr


def stereo_file(path: Path, left: Sound, right: Sound) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(np.stack((left, right), axis=1).astype("<i2").tobytes())
    return path


def heard(path: Path) -> Sound:
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("s16", "mono", 48_000)
        parts = [piece.to_ndarray()[0] for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate(parts)


@pytest.mark.parametrize("turned", [1, -1], ids=["in phase", "antiphase"])
def test_a_stereo_clip_is_heard_whichever_way_its_channels_are_turned(turned: int, tmp_path: Path) -> None:
    said = voice(1, 2.0)
    source = stereo_file(tmp_path / "in.wav", said, turned * said)
    done = subprocess.run(
        [sys.executable, "-m", "spacesctl.audio.transcode", str(source), str(tmp_path / "out.ogg"), "30"],
        capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    assert "duration_ms" in done.stdout, done.stdout + done.stderr
    sound = heard(tmp_path / "out.ogg")
    assert loudness(sound) == pytest.approx(loudness(said), rel=0.2)


@pytest.mark.parametrize(
    ("left", "right", "loud"),
    [
        ((1, 0), (1, 0), 1.0),
        ((1, 0), (-1, 0), 1.0),
        ((1, 0), (-0.8, 0), 0.9),
        ((1, 0), (0, 1), 0.707),  # two people, one in each channel: a plain sum
        ((1, 0), (0, 0), 0.5),
    ],
)  # fmt: skip
def test_what_two_channels_become(left: tuple[float, float], right: tuple[float, float], loud: float) -> None:
    one, other = voice(1, 3.0).astype(float), voice(2, 3.0).astype(float)
    other *= np.sqrt(np.mean(one**2) / np.mean(other**2))
    channels = np.stack([a * one + b * other for a, b in (left, right)]).clip(-32_767, 32_767).astype(np.int16)
    downmix = Downmix()
    mono = np.concatenate([downmix.mono(channels[:, at : at + 1024]) for at in range(0, channels.shape[1], 1024)])
    assert np.sqrt(np.mean(mono.astype(float) ** 2)) == pytest.approx(loud * np.sqrt(np.mean(one**2)), rel=0.06)
