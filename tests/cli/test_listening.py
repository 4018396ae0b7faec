"""`listen`: who may not listen loses no file, and what was lost on the way keeps its place."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from spacesctl.audio import framing
from spacesctl.audio.opus import Encoder
from spacesctl.cli.listening import Heard
from spacesctl.client.sound import FRAME, recording
from tests.cli.inside import Person, refused
from tests.running import spacesctl


@pytest.mark.parametrize(("space", "code"), [("AAAAAAAAAAAAA", 3), ("typo", 3)])
def test_a_refused_listener_keeps_the_file_of_yesterday(nobody: Person, tmp_path: Path, space: str, code: int) -> None:
    file = tmp_path / "heard.wav"
    file.write_text("yesterday")
    assert nobody.run("listen", space, "--output", str(file)).returncode == code
    assert file.read_text() == "yesterday"


def test_a_file_that_cannot_be_written_is_told_in_one_line(host: Person, tmp_path: Path) -> None:
    words = ("listen", host.live(), "--output", str(tmp_path / "none" / "heard.wav"))
    done = subprocess.run(
        spacesctl(*words), env=host.server.env(""), capture_output=True, text=True, timeout=15, check=False
    )
    refused(done, 2, "heard.wav: No such file or directory")


def test_options_that_make_no_sense(host: Person) -> None:
    space = host.live()
    refused(host.run("listen", space, "--output", "-", "--json"), 2, "both use standard output")
    refused(host.run("listen", space, "--output", "heard.mp3"), 2, "--output")


def test_it_is_said_how_late_one_hears(host: Person, nobody: Person, tmp_path: Path) -> None:
    late, now = host.live("--delay", "4s"), host.live()
    words = ("--output", str(tmp_path / "heard.wav"), "--seconds", "0.2")
    told = "you hear the stage 4 s late, as the audience does\n"
    assert nobody.run("listen", late, *words).stderr.startswith(told)
    assert "late" not in host.run("listen", late, *words).stderr, "the host is on the stage"
    assert "late" not in nobody.run("listen", now, *words).stderr


def test_lost_ticks_are_filled_and_counted(tmp_path: Path) -> None:
    packet = Encoder(bitrate=32_000).encode(np.zeros(FRAME, np.int16))
    with recording(str(tmp_path / "heard.wav")) as file:
        heard = Heard(file)
        for tick in (100, 104):
            heard.take(framing.pack(framing.MIX, tick, [(0, 0, packet)]))
    assert (heard.ticks, heard.lost) == (5, 3)
    with wave.open(str(tmp_path / "heard.wav")) as read:
        assert read.getnframes() == 5 * FRAME
