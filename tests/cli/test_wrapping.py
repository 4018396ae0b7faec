"""Lines on a terminal break between words, and what has none stays whole."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from spacesctl.cli import output
from spacesctl.cli.wrapping import wrapped

LINK = f"http://127.0.0.1:8420/s/{'A' * 13}"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_word_is_broken_and_none_is_lost(width: int) -> None:
    text = (
        f"spacesctl: there is no Space 'office': 'Office hours' (AbCdEfGh12345) has ended (see {LINK} for what is live)"
    )
    found = wrapped(text, width)
    assert " ".join(found.split()) == text
    assert all(cell_len(line) <= width for line in found.splitlines() if LINK not in line)
    assert found.count("\n") >= len(text) // width


def test_what_goes_on_stands_below_its_beginning() -> None:
    words = "word " * 30
    assert wrapped(f"00:12  {words}", 40).splitlines()[1].startswith("       word")
    assert wrapped(f"  link       {words}", 40).splitlines()[1].startswith("             word")
    assert wrapped(f"Office hours  [live]  by @ann  {LINK}", 40).splitlines()[1] == LINK
    assert wrapped(f"  {words}", 40).splitlines()[1].startswith("  word")
    assert wrapped(words, 40).splitlines()[1].startswith("word")


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    found = wrapped("短い題名 " * 12, 40).splitlines()
    assert max(map(cell_len, found)) <= 40
    assert len(found) == 3
    accented = "e\u0301" * 38
    assert wrapped(f"{accented} x", 40) == f"{accented} x"


def test_lines_stay_as_they_are_in_a_pipe_and_for_a_screen_reader(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "word " * 30 + "end"
    output.say(text)
    assert capsys.readouterr().out == f"{text}\n"
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    output.say(text)
    assert screen.getvalue().count("\n") == 4
    token = output.PLAIN.set(True)
    output.say(text)
    output.PLAIN.reset(token)
    assert screen.getvalue().endswith(f"\n{text}\n")
