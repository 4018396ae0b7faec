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


WHOLE = [
    list(HEADINGS),
    [ID, "scheduled", "A title of a Space that is to come, and long", "@ann_the_host", "tomorrow 18:00, in 20 h", "12"],
]
BRIEF = [WHOLE[0], [*WHOLE[1][:4], "tomorrow 18:00", "12"]]


@pytest.mark.parametrize(
    ("width", "shown", "headings"),
    [
        (120, "A title of a Space that is to come, and long", 6),
        (100, "A title of a Space tha", 6),
        (80, "A title of a Space th", 5),
        (67, "A title", 5),
    ],
)
def test_times_and_then_spare_columns_give_way_before_a_title_is_short(width: int, shown: str, headings: int) -> None:
    found = columns.fitting(WHOLE, BRIEF, width, ("PEOPLE",))
    assert found is not None
    assert max(map(cell_len, found)) <= width
    assert shown in found[1]
    assert len(found[0].split()) == headings
    assert ("in 20 h" in found[1]) == (width >= 100)
    assert "tomorrow 18:00" in found[1]


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
