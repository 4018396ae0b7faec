"""Rows of text in columns. Ids, handles and times stay whole, for they are copied; titles and other texts of people give way."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

GAP = "  "
GIVES_WAY = frozenset({"TITLE", "NAME", "TOPIC", "NOTE", "REASON", "WORDS", "LABEL", "PROBLEM", "EVENTS", "MORE"})
"""Headings of columns that may be shortened."""
LEAST = 8
"""Columns that a shortened text keeps at least."""
WANTED = 24
"""Columns that it keeps as long as something else can give way."""


def fitting(
    rows: Sequence[Sequence[str]], brief: Sequence[Sequence[str]], width: int | None, spare: Sequence[str] = ()
) -> list[str] | None:
    """The rows as lines of at most so many columns: whole, else with the brief cells, else without the spare columns too, one after the
    other, and at last with texts that are shortened further; None when they do not fit side by side."""
    if width is None:
        return lines(rows, None)
    tried = [rows, brief]
    for heading in spare:
        tried.append(_without(tried[-1], heading))
    found = (lines(one, width, WANTED) for one in tried)
    return next((one for one in found if one is not None), None) or lines(tried[-1], width)


def _without(rows: Sequence[Sequence[str]], heading: str) -> list[list[str]]:
    at = list(rows[0]).index(heading)
    return [[*row[:at], *row[at + 1 :]] for row in rows]


def lines(rows: Sequence[Sequence[str]], width: int | None, least: int = LEAST) -> list[str] | None:
    """The rows, of which the first has the headings, as lines of at most so many columns; None when they do not fit side by side, with at
    least so many for each shortened text."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        fitted = _fitted(widths, [heading.upper() in GIVES_WAY for heading in rows[0]], width, least)
        if fitted is None:
            return None
        widths = fitted
    return [GAP.join(_padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fitted(widths: list[int], gives_way: list[bool], width: int, least: int) -> list[int] | None:
    """The widths after those that give way have done so, the widest first."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    found = list(widths)
    while over > 0:
        widest = max((at for at, may in enumerate(gives_way) if may), key=lambda at: found[at], default=None)
        if widest is None or found[widest] <= least:
            return None
        found[widest] -= 1
        over -= 1
    return found


def _padded(text: str, size: int) -> str:
    return set_cell_size(shortened(text, size), size)


def shortened(text: str, size: int) -> str:
    """The text in at most so many columns; one that is too long ends with `…`."""
    return text if cell_len(text) <= size else f"{set_cell_size(text, size - 1).rstrip()}…"


def records(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """The same as lines `Heading: value`, and a blank line between rows. With a width, what gives way is shortened to it."""
    found: list[str] = []
    for row in rows[1:]:
        found += [""] if found else []
        for heading, cell in zip(rows[0], row, strict=True):
            line = f"{heading.capitalize()}: {cell}"
            found.append(line if width is None or heading.upper() not in GIVES_WAY else shortened(line, width))
    return found
