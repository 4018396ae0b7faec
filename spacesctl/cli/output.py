"""Output: results on stdout, everything else on stderr; tables for people, JSON for programs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PLAIN: ContextVar[bool] = ContextVar("plain", default=False)
"""Whether `--plain` was given: no columns, no colours, nothing that is redrawn."""


def console(*, err: bool = False) -> Console:
    """A Rich console on stdout or stderr. It respects NO_COLOR, and text of others is never taken as markup."""
    from rich.console import Console

    plain = PLAIN.get()
    return Console(
        stderr=err,
        markup=False,
        highlight=False,
        soft_wrap=not err,
        no_color=plain or None,
        force_terminal=False if plain else None,
    )


def emit_json(value: object) -> None:
    """Print a result as JSON: a value of the wire, or one of `cli.answers`. `cli.json_output` has the type of each command."""
    from spacesctl.api.wire import dump

    print(_escaped(dump(value).decode()))


def emit_line(value: object) -> None:
    """Print one line of NDJSON and flush it."""
    from spacesctl.api.wire import dump

    print(_escaped(dump(value).decode()), flush=True)


def _escaped(text: str) -> str:
    """JSON without characters that could control a terminal. JSON has them in texts only, where an escape says the same."""
    return text if text.isprintable() else re.sub(r"[^ -~]", _escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return char if char.isprintable() or ord(char) > 0xFFFF else f"\\u{ord(char):04x}"


def note(text: str) -> None:
    """Print a remark on stderr."""
    print(clean(text), file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    print(clean(text), flush=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows of cells as a table. Without rows, `empty` is printed on stderr and nothing on stdout."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        note(empty)
        return
    if PLAIN.get():
        _records(headings, cells)
        return
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    out = console()
    if not out.is_terminal:
        out.width = 200
    out.print(made)


def _records(headings: Sequence[str], rows: list[list[str]]) -> None:
    """For `--plain`: a line `heading: value` for each cell, and a blank line between rows."""
    for number, row in enumerate(rows):
        if number:
            say("")
        for heading, cell in zip(headings, row, strict=True):
            say(f"{heading.capitalize()}: {cell}")


def _cell(value: object) -> str:
    match value:
        case None | False:
            return "-"
        case True:
            return "yes"
        case list():
            return ", ".join(str(item) for item in value)
        case _:
            return clean(str(value))


def clean(text: str) -> str:
    """The text without control characters, so that the text of others cannot control the terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
