"""Output: results on stdout, everything else on stderr; tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN: ContextVar[bool] = ContextVar("plain", default=False)
"""Whether `--plain` was given: no columns, no colours, nothing that is redrawn."""


def console(*, err: bool = False) -> Console:
    """A Rich console on stdout or stderr. It respects NO_COLOR, and text of others is never taken as markup."""
    plain = PLAIN.get()
    return Console(
        stderr=err,
        markup=False,
        highlight=False,
        soft_wrap=not err,
        no_color=plain or None,
        force_terminal=False if plain else None,
    )


def emit_json(value: Any) -> None:
    """Print a result as JSON."""
    print(json.dumps(value, ensure_ascii=False))


def emit_line(value: Any) -> None:
    """Print one line of NDJSON and flush it."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def note(text: str) -> None:
    """Print a remark on stderr."""
    print(text, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    print(text, flush=True)


def table(rows: Sequence[dict[str, Any]], columns: dict[str, str], *, empty: str) -> None:
    """Print rows as a table. `columns` is heading -> key. Without rows, `empty` is printed on stderr and nothing on stdout."""
    if not rows:
        note(empty)
        return
    if PLAIN.get():
        _records(rows, columns)
        return
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(Text(_cell(row.get(key))) for key in columns.values()))
    out = console()
    if not out.is_terminal:
        out.width = 200
    out.print(made)


def _records(rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> None:
    """For `--plain`: a line `heading: value` for each cell, and a blank line between rows."""
    for number, row in enumerate(rows):
        if number:
            say("")
        for heading, key in columns.items():
            say(f"{heading.capitalize()}: {_cell(row.get(key))}")


def _cell(value: Any) -> str:
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
