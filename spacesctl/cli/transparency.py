"""`audit report`: what an operator publishes of moderation."""

from __future__ import annotations

import csv
import io
import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spacesctl.cli.common import Json, client
from spacesctl.cli.output import emit_json, note, say
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spacesctl.api.transparency import Figure, Statement
    from spacesctl.cli.transparency_parts import Part

AT_ONCE = 100
"""Statements that the database takes in one request."""


def report(
    ctx: typer.Context,
    template: Annotated[
        Literal["dsa15", "dsa24"],
        typer.Option("--template", metavar="dsa15|dsa24", help="Figures as CSV, or statements of reasons as JSON."),
    ],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day (UTC), such as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day (UTC), which is included.")],
    territory: Annotated[
        str | None,
        typer.Option(
            "--territory", metavar="DE,FR", help="Countries that restrictions hold in; default: all of the EEA."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="EN", help="The language that is spoken.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="With dsa15: write the parts of the EU's template that can be filled."
        ),
    ] = None,
    service: Annotated[
        str, typer.Option("--service", metavar="NAME", help="With --out: what the column `Service` says.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Write transparency figures (`dsa15`, CSV) or statements of reasons (`dsa24`, one JSON line for each hundred). For operators; no legal
    claim is made."""
    if template != "dsa15" and (out is not None or service):
        raise Invalid("--out, --service", "are for the template dsa15")
    from spacesctl.cli.answers import Published

    with client(ctx) as spaces:
        if template == "dsa15":
            figures = spaces.transparency.figures(first, last).data
            files = list[str]()
            if out is not None:
                from spacesctl.cli.transparency_parts import parts

                statements = spaces.transparency.statements(first, last, territory=territory, language=language)
                files = _write(out, parts(figures, statements, service, first, last))
            if as_json:
                emit_json(Published(figures=figures))
            else:
                say(_csv(figures) if out is None else "\n".join(files))
            return
        statements = spaces.transparency.statements(first, last, territory=territory, language=language)
        if as_json:
            emit_json(Published(statements=list(statements)))
            return
        written = 0
        for body in _bodies(statements):
            say(json.dumps({"statements": body}, ensure_ascii=False))
            written += len(body)
    note(f"{written} statement{'' if written == 1 else 's'}; each line is the body of one request to the database")


def _write(folder: Path, made: Iterable[Part]) -> list[str]:
    """As RFC 4180 has it, in UTF-8. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = list[str]()
    for part in made:
        (folder / part.name).write_bytes(_lines((part.header, *part.rows), "\r\n").encode())
        files.append(str(folder / part.name))
    return files


def _csv(figures: Iterable[Figure]) -> str:
    """RFC 4180 but for the ends of lines, which are the terminal's."""
    rows = ((one.section, one.figure, one.detail, f"{one.value:g}") for one in figures)
    return _lines((("section", "figure", "detail", "value"), *rows), "\n").rstrip("\n")


def _lines(rows: Iterable[Sequence[str]], end: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue()


def _bodies(statements: Iterator[Statement]) -> Iterator[list[object]]:
    from spacesctl.api.wire import plain

    while body := [_without_nulls(plain(one)) for one in islice(statements, AT_ONCE)]:
        yield body


def _without_nulls(fields: object) -> object:
    assert isinstance(fields, dict)
    return {name: value for name, value in fields.items() if value is not None}
