"""Output: results on stdout, everything else on stderr; tables for people, JSON for programs.

All of it is cleaned here: callers pass on what others wrote as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

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
    write_line(_fitted(text, sys.stderr), err=True)


def clock(at: datetime) -> str:
    """A time for people: `today 18:00, in 2 h`."""
    from spacesctl.cli.moments import moment

    return moment(at, datetime.now(UTC))


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    write_line(_fitted(text, sys.stdout))


def _fitted(text: str, stream: IO[str] | None) -> str:
    """The text with breaks between words on a terminal. Those of `--plain` are the screen reader's."""
    if stream is None or PLAIN.get() or not stream.isatty():
        return text
    from spacesctl.cli.wrapping import width_of, wrapped

    return wrapped(clean(text), width_of(stream))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, spare: Sequence[str] = ()) -> None:
    """Print rows of cells as a table, or where it has no room one below the other. Without rows, `empty` is printed on stderr and nothing
    on stdout. Where columns are few, times lose their distance, and the `spare` ones are left out, the first first, before texts are
    shortened much; `cli.columns` says how. In a pipe nothing is."""
    values = [list(row) for row in rows]
    cells = [[_cell(value) for value in row] for row in values]
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
    brief = [list(headings), *([_brief(value) for value in row] for row in values)]
    found = columns.fitting(whole, brief, width, spare)
    if found is None:
        _say_all(columns.records(whole, width))
        return
    out.print(found[0], style="bold")
    _say_all(found[1:])


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _brief(value: object) -> str:
    """A cell with what needs the fewest columns of it."""
    if not isinstance(value, datetime):
        return _cell(value)
    from spacesctl.cli.moments import on_the_clock

    return on_the_clock(value, datetime.now(UTC))


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
