"""`privacy export`: what the server keeps about a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json, client, whose
from spacesctl.cli.output import emit_json, say


def export(
    ctx: typer.Context,
    name_handle: Annotated[
        str, typer.Argument(metavar="PERSON", help="Yourself (`me`) or, for operators, any handle.")
    ] = "me",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The archive. Default: HANDLE.zip.")] = None,
    as_json: Json = False,
) -> None:
    """Write all that the server keeps about you or (operators) anybody to a ZIP archive; its README.txt says what is in it."""
    whom = whose(name_handle)
    with client(ctx) as spaces:
        found = spaces.accounts.me() if whom == "me" else spaces.accounts.get(whom)
        path = out if out is not None else Path(f"{Path(found.handle.removeprefix('@')).name}.zip")
        digest = spaces.accounts.export(found.id, path)
    if as_json:
        from spacesctl.cli.answers import ExportedFile

        emit_json(ExportedFile(file=str(path), handle=found.handle, sha256=digest))
    else:
        say(f"{path}")
