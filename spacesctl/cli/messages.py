"""`invite`, `inbox`, `accept`, `decline`, `uninvite`, `dm`: direct messages, which invitations are too."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Handle, Handles, Json, SpaceRef, client, each, handle, handles_of, new_key, space_id
from spacesctl.cli.output import console, emit_json, note, say
from spacesctl.cli.posts import Voice, upload
from spacesctl.cli.postview import show_clip
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.people import Invitation

NEWEST = 100
"""Messages that `inbox` shows."""


def invite(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    message: Annotated[str, typer.Option(help="Added to the invitation.")] = "",
    as_json: Json = False,
) -> None:
    """Invite people to speak, by direct message."""
    from spacesctl.api.people import NewInvites

    new = NewInvites(handles=handles_of(handles), message=message)
    with client(ctx) as spaces:
        _tell(spaces.people.invite(space_id(space), new), as_json=as_json)


def inbox(ctx: typer.Context, as_json: Json = False) -> None:
    """Read direct messages, newest first."""
    with client(ctx) as spaces:
        rows = list(islice(spaces.messages.inbox(), NEWEST))
    if as_json:
        emit_json(rows)
        return
    if not rows:
        note("no messages")
        return
    out = console()
    for row in rows:
        out.print(f"{row.created_at}  {row.by.handle}  [{row.kind}]", style="bold")
        for line in row.text.splitlines():
            out.print(f"  {line}")
        show_clip(row.clip, row.clip.id if row.clip else "")
        if row.kind == "invite":
            out.print(f"  (spacesctl accept {row.space_id})", style="dim")


def accept(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Accept an invitation to speak."""
    with client(ctx) as spaces:
        found = spaces.people.accept(space_id(space))
    if as_json:
        emit_json(found)
        return
    say(f"you are {found.me.role if found.me else 'listener'} in “{found.title}”")
    if found.notice:
        note(found.notice)


def decline(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Decline an invitation."""
    with client(ctx) as spaces:
        found = spaces.people.decline(space_id(space))
    if as_json:
        emit_json(found)
    else:
        say(f"you declined “{found.title}”")


def uninvite(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Withdraw invitations that are not answered yet."""
    where = space_id(space)
    with client(ctx) as spaces:
        rows, refused = each(handles_of(handles), lambda one: spaces.people.uninvite(where, one))
    _tell(rows, as_json=as_json)
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def _tell(rows: Iterable[Invitation], *, as_json: bool) -> None:
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row.handle}: {row.state}")


def dm(
    ctx: typer.Context,
    to: Handle,
    text: Annotated[str, typer.Argument(help="The message.")] = "",
    voice: Voice = None,
    as_json: Json = False,
) -> None:
    """Send a direct message, as text, as a voice clip or both."""
    from spacesctl.api.posts import NewMessage

    if not text and voice is None:
        raise Invalid("TEXT", "write something, or add --voice")
    with client(ctx) as spaces:
        new = NewMessage(to=handle(to), text=text, clip=upload(spaces, voice))
        sent = spaces.messages.send(new, idempotency_key=new_key())
    if as_json:
        emit_json(sent)
    else:
        say(f"sent to {sent.to.handle}")
