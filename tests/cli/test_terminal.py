"""Commands on a terminal: a question before what cannot be undone, a hidden address, a picture that is drawn again."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from bots import casts
from tests.cli.inside import Person
from tests.running import spacesctl

CLIP = str(casts.load("cast_a").host.clip)


class Typed:
    """A command on a terminal of its own; it ends with the test."""

    def __init__(self, person: Person, *words: str) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        env = person.server.env(person.token) | {"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}
        self.process = subprocess.Popen(
            spacesctl(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def wait_for(self, words: str, seconds: float = 10) -> None:
        """Until `words` are on the screen."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, self.shown[-2000:]
            if not self._read():
                break
        assert words in self.shown, self.shown[-2000:]

    def answer(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\n")

    def ended(self) -> int:
        """The exit code; what was left to read is in `shown`."""
        while self._read():
            pass
        return self.process.wait(10)

    def _read(self) -> bool:
        try:
            found = os.read(self._ours, 65_536)
        except OSError:  # the command has closed its side
            return False
        self.shown += found.decode(errors="replace")
        return bool(found)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def typed(request: pytest.FixtureRequest) -> Iterator[type[Typed]]:
    made: list[Typed] = []

    class Kept(Typed):
        def __init__(self, person: Person, *words: str) -> None:
            super().__init__(person, *words)
            made.append(self)

    yield Kept
    for one in made:
        one.close()


@pytest.mark.parametrize(("said", "code", "state"), [("n", 1, "live"), ("y", 0, "ended")])
def test_what_cannot_be_undone_is_asked_about(
    typed: type[Typed], host: Person, said: str, code: int, state: str
) -> None:
    space = host.live()
    command = typed(host, "end", space)
    command.wait_for("End this Space for everybody? [y/N]:")
    command.answer(said)
    assert command.ended() == code
    assert host.json("show", space)["state"] == state


def test_ctrl_c_at_a_question_is_130_and_changes_nothing(typed: type[Typed], host: Person) -> None:
    space = host.live()
    command = typed(host, "end", space)
    command.wait_for("End this Space for everybody? [y/N]:")
    command.process.send_signal(signal.SIGINT)
    assert command.ended() == 130
    assert "Traceback" not in command.shown
    assert host.json("show", space)["state"] == "live"


def test_ctrl_c_at_a_hidden_question_is_130(typed: type[Typed], host: Person) -> None:
    command = typed(host, "notifications", "add")
    command.wait_for("Address: ")
    command.process.send_signal(signal.SIGINT)
    assert command.ended() == 130
    assert "Traceback" not in command.shown


def test_yes_and_a_dry_run_are_not_asked(typed: type[Typed], host: Person) -> None:
    space = host.live()
    command = typed(host, "end", space, "--dry-run")
    assert command.ended() == 0
    assert "dry run: nothing was changed" in command.shown
    assert typed(host, "end", space, "--yes").ended() == 0
    assert host.json("show", space)["state"] == "ended"


def test_an_address_with_a_secret_is_asked_for_and_not_shown(typed: type[Typed], host: Person) -> None:
    command = typed(host, "notifications", "add")
    command.wait_for("Address: ")  # the space comes when typing is hidden; what was typed before is dropped
    command.answer("json://user:s3cret@127.0.0.1:9/")
    assert command.ended() == 0
    assert "messages to you also go to json://127.0.0.1" in command.shown
    assert "s3cret" not in command.shown


def test_who_speaks_where_captions_are_made_is_asked_first(typed: type[Typed], host: Person) -> None:
    space = host.json("create", "T", "--start")["id"]
    command = typed(host, "speak", space, "--file", CLIP, "--seconds", "0.2")
    command.wait_for("Open the microphone? [Y/n]:")
    assert "captions" in command.shown
    command.answer("n")
    assert command.ended() == 1
    assert "spoke" not in command.shown


def test_watch_draws_people_and_what_happens(typed: type[Typed], host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    command = typed(host, "watch", space)
    command.wait_for(host.handle)
    ann.run("raise", space)
    command.wait_for(ann.handle)
    host.run("mute", space, ann.handle)
    command.wait_for(f"{ann.handle} is muted")
    host.run("record", "start", space)
    command.wait_for("REC ")
    host.run("end", space, "--yes")
    assert command.ended() == 0
    assert command.shown.startswith("\x1b[?1049h"), "a screen of its own, which leaves the terminal as it was"
    assert "\x1b[?1049l" in command.shown


def test_watch_lists_who_only_listens(typed: type[Typed], host: Person, ann: Person) -> None:
    space = host.live()
    command = typed(host, "watch", space)
    command.wait_for("listeners")
    words = spacesctl("listen", space, "--output", "-")
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=host.server.env(ann.token)) as listening:
        command.wait_for(ann.handle)
        listening.terminate()


def test_sound_is_not_written_to_a_terminal(typed: type[Typed], host: Person) -> None:
    command = typed(host, "listen", host.live(), "--output", "-")
    assert command.ended() == 2
    assert "OggS" not in command.shown
    assert "`--output - | mpv -`" in command.shown


def test_a_table_on_a_terminal_fits_it(typed: type[Typed], host: Person) -> None:
    host.run("create", "A title that is as long as a title can be, which is seventy letters")
    command = typed(host, "list")
    assert command.ended() == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", command.shown)
    assert all(cell_len(line) <= 80 for line in plain.splitlines())
    assert "TITLE" in plain
