"""Tables on narrow terminals: ids, handles and times stay whole, titles give way."""

from __future__ import annotations

import contextvars
import io

import pytest
from rich.cells import cell_len

from spacesctl.cli import columns, output

ID = "AbCdEfGh12345"
HEADINGS = ("ID", "STATE", "TITLE", "HOST", "WHEN", "PEOPLE")
ROWS = [
    (ID, "live", "A title that is as long as a title can be, which is seventy letters", "@host", "2026-12-01T18:00:00.000Z", "12"),
    ("BbCdEfGh12345", "scheduled", "短い題名 " * 8, "@somebody_else", "2026-12-02T18:00:00.000Z", "0"),
]  # fmt: skip


@pytest.mark.parametrize("width", [100, 86])
def test_a_title_is_shortened_and_nothing_else(width: int) -> None:
    found = columns.lines([HEADINGS, *ROWS], width)
    assert found is not None
    assert max(map(cell_len, found)) <= width
    for line, row in zip(found[1:], ROWS, strict=True):
        assert line.startswith(f"{row[0]}  {row[1]}")
        assert all(cell in line for at, cell in enumerate(row) if at != 2)
        assert "…" in line
        assert row[2].split()[0][:2] in line


@pytest.mark.parametrize("width", [60, 40])
def test_what_has_no_room_side_by_side_stands_one_below_the_other(width: int) -> None:
    assert columns.lines([HEADINGS, *ROWS], width) is None
    found = columns.records([HEADINGS, *ROWS], width)
    assert max(map(cell_len, found)) <= width
    assert found[:3] == [f"Id: {ID}", "State: live", columns.shortened(f"Title: {ROWS[0][2]}", width)]
    assert found[2].endswith("…")
    assert found[6] == ""
    assert found[7] == "Id: BbCdEfGh12345"


def test_nothing_is_shortened_in_a_pipe() -> None:
    found = columns.lines([HEADINGS, *ROWS], None)
    assert found is not None
    assert ROWS[0][2] in found[1]


def test_what_is_wide_fits_too() -> None:
    assert columns.shortened("短い題名", 8) == "短い題名"
    assert columns.shortened("短い題名", 7) == "短い題…"
    assert columns.lines([("ID", "N"), ("1", "2")], 3) is None
    assert columns.lines([("ID", "N"), ("1", "2")], 5) == ["ID  N", "1   2"]


@pytest.mark.parametrize("width", [80, 40])
def test_a_table_on_a_terminal_keeps_its_ids_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    contextvars.copy_context().run(output.table, HEADINGS, ROWS, empty="none")
    lines = screen.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert sum(ID in line for line in lines) == 1
    assert sum("2026-12-01T18:00:00.000Z" in line for line in lines) == 1
