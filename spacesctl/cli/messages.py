"""`inbox` and `dm`: direct messages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Handle, Json, client, handle, new_key
from spacesctl.cli.output import console, emit_json, note, say
from spacesctl.cli.posts import Voice, upload
from spacesctl.cli.postview import show_clip
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from rich.console import Console

    from spacesctl.api.posts import Message

NEWEST = 100
"""Messages that `inbox` shows if nothing else is said."""


def inbox(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="NUMBER", help="At most so many.")] = NEWEST,
    cursor: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on below this message, as the end of a list says.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read direct messages, newest first."""
    with client(ctx) as spaces:
        rows = list(islice(spaces.messages.inbox(cursor), limit + 1))
    shown, more = rows[:limit], len(rows) > limit
    if as_json:
        emit_json(shown)
        return
    if not shown:
        note("no messages")
        return
    out = console()
    for row in shown:
        _show(row, out)
    if more:
        note(f"more: spacesctl inbox --cursor {shown[-1].id}")


def _show(row: Message, out: Console) -> None:
    out.print(f"{row.created_at}  {row.by.handle}  [{row.kind}]", style="bold")
    for line in row.text.splitlines():
        out.print(f"  {line}")
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
