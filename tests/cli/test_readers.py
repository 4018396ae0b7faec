"""A command that follows a Space ends when nobody reads its output any more, also in a quiet Space."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from tests.cli.broken_server import event
from tests.cli.inside import Person
from tests.cli.test_watching import ENDED, watched
from tests.running import spacesctl


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["watch", "--json"], ["watch"], ["captions", "--follow"], ["listen", "--output", "-"]],
    ids=lambda words: " ".join(words),
)
def test_a_following_command_ends_with_its_reader(host: Person, words: list[str]) -> None:
    live = host.live()
    reader, writer = os.pipe()
    process = subprocess.Popen(
        spacesctl(words[0], live, *words[1:]),
        env=host.server.env(host.token),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    time.sleep(2.5)  # it follows by now
    assert process.poll() is None
    os.close(reader)
    began = time.monotonic()
    _, said = process.communicate(timeout=10)
    assert time.monotonic() - began < 1.5
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "lost" not in said


def test_levels_are_left_out_unless_asked_for() -> None:
    levels = event("levels", {"tick": 0, "levels": []}, None)
    done, _ = watched([levels, ENDED], words=("--json",))
    assert "levels" not in done.stdout
    done, _ = watched([levels, ENDED], words=("--json", "--levels"))
    assert '"levels"' in done.stdout.splitlines()[1]
