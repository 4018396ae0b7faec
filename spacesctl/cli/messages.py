"""`inbox` and `dm`: direct messages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Handle, Json, client, handle, new_key
from spacesctl.cli.output import clock, console, emit_json, note, say
from spacesctl.cli.posts import Voice, upload
from spacesctl.cli.postview import show_clip
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from rich.console import Console

    from spacesctl.api.posts import Message
    from spacesctl.client.http import Client

MOST_MARKED = 100
"""Messages that one request says to be read."""
NEWEST = 100
"""Messages that `inbox` shows if nothing else is said."""


def inbox(
    ctx: typer.Context,
    unread: Annotated[bool, typer.Option("--unread", help="Only those that you have not read yet.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="NUMBER", help="At most so many.")] = NEWEST,
    cursor: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on below this message, as the end of a list says.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read direct messages, newest first. What is printed is read; `--dry-run` leaves it unread."""
    with client(ctx) as spaces:
        rows = list(islice(spaces.messages.inbox(cursor, unread=unread), limit + 1))
        shown, more = rows[:limit], len(rows) > limit
        _mark_read(spaces, [one.id for one in shown if one.unread])
    if as_json:
        emit_json(shown)
        return
    if not shown:
        note("no unread messages" if unread else "no messages")
        return
    out = console()
    for row in shown:
        _show(row, out)
    if more:
        note(f"more: spacesctl inbox{' --unread' if unread else ''} --cursor {shown[-1].id}")


def _mark_read(spaces: Client, ids: list[str]) -> None:
    for begin in range(0, len(ids), MOST_MARKED):
        spaces.messages.mark_read(ids[begin : begin + MOST_MARKED])


def _show(row: Message, out: Console) -> None:
    out.print(f"{clock(row.created_at)}  {row.by.handle}  [{row.kind}]{'  new' if row.unread else ''}", style="bold")
    for line in row.text.splitlines():
        say(f"  {line}")
    show_clip(row.clip, row.clip.id if row.clip else "")
    if row.kind == "invite":
        out.print(f"  (spacesctl accept {row.space_id})", style="dim")


def dm(
    ctx: typer.Context,
    to: Handle,
    text: Annotated[str, typer.Argument(metavar="MESSAGE", help="What to say.")] = "",
    voice: Voice = None,
    as_json: Json = False,
) -> None:
    """Send a direct message, as text, as a voice clip or both."""
    from spacesctl.api.posts import NewMessage

    if not text and voice is None:
        raise Invalid("MESSAGE", "write something, or add --voice")
    with client(ctx) as spaces:
        new = NewMessage(to=handle(to), text=text, clip=upload(spaces, voice))
        sent = spaces.messages.send(new, idempotency_key=new_key())
    if as_json:
        emit_json(sent)
    else:
        say(f"sent to {sent.to.handle}")
