"""Results on stdout, everything else on stderr. Tables for people, JSON for programs."""

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
"""Whether this run was asked for words only: no columns, no colour, nothing that redraws."""


def console(*, err: bool = False) -> Console:
    """Honours NO_COLOR by itself; text from others is never read as markup."""
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
    print(json.dumps(value, ensure_ascii=False))


def emit_line(value: Any) -> None:
    """One NDJSON line, out at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def say(text: str) -> None:
    print(text, flush=True)


def table(rows: Sequence[dict[str, Any]], columns: dict[str, str], *, empty: str) -> None:
    """`columns` is heading -> key. Nothing to show is said on stderr, so that stdout stays empty."""
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
    """A line for each thing that is known, a blank line between rows: read aloud, each value follows its heading."""
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
    """Without control characters: a title or a message must not drive the terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
