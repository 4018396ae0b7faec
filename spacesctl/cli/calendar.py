"""`calendar`: Spaces for a calendar program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli import completion, which
from spacesctl.cli.common import Json, client, handle
from spacesctl.cli.output import emit_json, note, say
from spacesctl.support.terminal import write_file


def calendar(
    ctx: typer.Context,
    space_or_host: Annotated[
        str | None,
        typer.Argument(
            metavar="SPACE|PERSON",
            help="A Space, or all Spaces of a host. Default: your live Space, else your next.",
            autocompletion=completion.spaces,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="File to write. Default: standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Print a Space, or all scheduled Spaces of a host, as iCalendar, and the address to subscribe to."""
    from spacesctl.client.groups import accounts
    from spacesctl.client.groups.spaces import calendar_place

    with client(ctx, anonymous=True) as spaces:
        if space_or_host is not None and space_or_host.startswith("@"):
            content, place = (
                spaces.accounts.calendar(handle(space_or_host)),
                accounts.calendar_place(handle(space_or_host)),
            )
        else:
            where = which.one(spaces, space_or_host)
            content, place = spaces.spaces.calendar(where), calendar_place(where)
        address = f"{spaces.url}{place}"
    if out is not None:
        out.write_bytes(content.encode())
    if as_json:
        from spacesctl.cli.answers import CalendarFile

        emit_json(CalendarFile(url=address, file=str(out) if out else None, ics=None if out else content))
        return
    if out is not None:
        say(f"{out}: {len(content.encode())} bytes")
    else:
        write_file(content)
    note(f"to subscribe: {address}")
