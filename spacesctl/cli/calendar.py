"""`calendar`: Spaces for a calendar program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json, client, handle, space_id
from spacesctl.cli.output import emit_json, note, say


def calendar(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="SPACE|@HANDLE", help="A Space, or all Spaces of a host.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="File to write. Default: standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Print a Space, or all scheduled Spaces of a host, as iCalendar, and the address to subscribe to."""
    is_handle = what.startswith("@")
    path = f"/v1/accounts/{handle(what)}/calendar.ics" if is_handle else f"/v1/spaces/{space_id(what)}.ics"
    with client(ctx, anonymous=True) as spaces:
        content, address = spaces.content(path), spaces.url + path
    if out is not None:
        out.write_bytes(content)
    if as_json:
        emit_json({"url": address, "file": str(out) if out else None, "ics": None if out else content.decode()})
        return
    if out is not None:
        say(f"{out}: {len(content)} bytes")
    else:
        sys.stdout.buffer.write(content)
    note(f"to subscribe: {address}")
