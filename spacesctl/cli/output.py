"""Output: results on stdout, everything else on stderr; tables for people, JSON for programs.

All of it is cleaned here: callers pass on what others wrote as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spacesctl.support.terminal import write_line
from spacesctl.support.text import clean, replaced

if TYPE_CHECKING:
    from rich.console import Console

PLAIN: ContextVar[bool] = ContextVar("plain", default=False)
"""Whether `--plain` was given: no columns, no colours, nothing that is redrawn."""


def console(*, err: bool = False) -> Console:
    """A Rich console on stdout or stderr. It respects NO_COLOR, and text of others is never taken as markup."""
    from spacesctl.support.consoles import SafeConsole

    plain = PLAIN.get()
    return SafeConsole(
        stderr=err,
        soft_wrap=not err,
        no_color=plain or None,
        force_terminal=False if plain else None,
    )


def emit_json(value: object) -> None:
    """Print a result as JSON: a value of the wire, or one of `cli.answers`. `cli.json_output` has the type of each command."""
    from spacesctl.api.wire import dump

    write_line(_escaped(dump(value).decode()))


def emit_line(value: object) -> None:
    """Print one line of NDJSON and flush it."""
    from spacesctl.api.wire import dump

    write_line(_escaped(dump(value).decode()))


def _escaped(text: str) -> str:
    """JSON without characters that could control a terminal. JSON has them in texts only, where an escape says the same."""
    return replaced(text, lambda char: json.dumps(char)[1:-1])


def note(text: str) -> None:
    """Print a remark on stderr."""
    write_line(text, err=True)


def clock(at: datetime) -> str:
    """A time for people: `today 18:00, in 2 h`."""
    from spacesctl.cli.moments import moment

    return moment(at, datetime.now(UTC))


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    write_line(text)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows of cells as a table, or where it has no room one below the other. Without rows, `empty` is printed on stderr and nothing
    on stdout. `cli.columns` says what is shortened; nothing is in a pipe."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        note(empty)
        return
    from spacesctl.cli import columns

    whole = [list(headings), *cells]
    if PLAIN.get():
        _say_all(columns.records(whole))
        return
    out = console()
    width = out.width if out.is_terminal else None
    found = columns.lines(whole, width)
    if found is None:
        _say_all(columns.records(whole, width))
        return
    out.print(found[0], style="bold")
    _say_all(found[1:])


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _cell(value: object) -> str:
    match value:
        case None | False:
            return "-"
        case True:
            return "yes"
        case list():
            return clean(", ".join(str(item) for item in value))
        case datetime():
            return clock(value)
        case _:
            return clean(str(value))
