"""Questions before what cannot be undone: on a terminal they are asked, elsewhere `--yes` is needed."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from unittest import mock

import pytest
import typer

from spacesctl.cli import asking
from spacesctl.domain.errors import Invalid
from tests.cli.inside import Person, refused, run

ID = "A" * 13


@pytest.mark.parametrize(
    "line",
    [
        ["end", ID],
        ["cancel", ID],
        ["schedule", "delete", "SERIES"],
        ["recordings", "delete", "RECORDING"],
        ["restore", "backup.tar"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_undone_needs_yes_where_nobody_can_be_asked(line: list[str], tmp_path: Path) -> None:
    done = run("http://127.0.0.1:9", "spx_x", *line)
    refused(done, 2, "spacesctl: --yes: is needed where nobody can be asked: ")
    assert run("http://127.0.0.1:9", "spx_x", *line, "--yes").returncode != 2 or line[0] == "restore"


def test_what_can_be_undone_needs_none(host: Person, ann: Person) -> None:
    space = host.live()
    ann.run("raise", space)
    assert host.run("kick", space, ann.handle).returncode == 0
    assert host.run("block", ann.handle).returncode == 0


class Terminal(io.StringIO):
    """A stdin at which somebody sits."""

    def isatty(self) -> bool:
        return True


def asked(typed: str, question: str = "Sure?", *, default: bool = False) -> bool:
    with mock.patch.object(sys, "stdin", Terminal(typed)):
        return asking.agreed(question, default=default)


@pytest.mark.parametrize(
    ("typed", "default", "means"),
    [
        ("y\n", False, True),
        ("YES\n", False, True),
        ("n\n", True, False),
        ("\n", False, False),
        ("\n", True, True),
        ("perhaps\nno\n", True, False),
    ],
)
def test_an_answer(typed: str, default: bool, means: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(typed, default=default) is means
    assert capsys.readouterr().err.startswith(f"Sure? [{'Y/n' if default else 'y/N'}]: ")


def test_the_end_of_input_is_no_answer() -> None:
    with pytest.raises(typer.Abort):
        asked("")


def test_a_question_is_asked_only_where_it_matters() -> None:
    with mock.patch.object(sys, "stdin", Terminal("n\n")), pytest.raises(typer.Abort):
        asking.confirm(None, "Sure?", yes=False)
    with mock.patch.object(sys, "stdin", Terminal("")):
        asking.confirm(None, "Sure?", yes=True, always=True)
    with mock.patch.object(sys, "stdin", io.StringIO()):
        asking.confirm(None, "Sure?", yes=False)
        with pytest.raises(Invalid, match="--yes: is needed"):
            asking.confirm(None, "Sure?", yes=False, always=True)
    with mock.patch.object(sys, "stdin", None), pytest.raises(Invalid):
        asking.confirm(None, "Sure?", yes=False, always=True)
