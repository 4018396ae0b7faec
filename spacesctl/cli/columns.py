"""Rows of text in columns. Ids, handles and times stay whole, for they are copied; titles and other texts of people give way."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

GAP = "  "
GIVES_WAY = frozenset({"TITLE", "NAME", "TOPIC", "NOTE", "REASON", "WORDS", "LABEL", "ERROR", ""})
"""Headings of columns that may be shortened."""
LEAST = 8
"""Columns that a shortened text keeps at least."""


def lines(rows: Sequence[Sequence[str]], width: int | None) -> list[str] | None:
    """The rows, of which the first has the headings, as lines of at most so many columns; None when they do not fit side by side."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        fitted = _fitted(widths, [heading.upper() in GIVES_WAY for heading in rows[0]], width)
        if fitted is None:
            return None
        widths = fitted
    return [GAP.join(_padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fitted(widths: list[int], gives_way: list[bool], width: int) -> list[int] | None:
    """The widths after those that give way have done so, the widest first."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    found = list(widths)
    while over > 0:
        widest = max((at for at, may in enumerate(gives_way) if may), key=lambda at: found[at], default=None)
        if widest is None or found[widest] <= LEAST:
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
