"""`invite`, `inbox`, `accept`, `decline`, `uninvite`, `dm`: direct messages, which invitations are too."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from spacesctl.cli.common import Handle, Handles, Json, SpaceRef, client, each, handle, handles_of, space_id
from spacesctl.cli.output import clean, console, emit_json, note, say
from spacesctl.cli.posts import Voice, show_clip, upload
from spacesctl.domain.errors import Invalid


def invite(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    message: Annotated[str, typer.Option(help="Added to the invitation.")] = "",
    as_json: Json = False,
) -> None:
    """Invite people to speak, by direct message."""
    body = {"handles": handles_of(handles), "message": message}
    with client(ctx) as spaces:
        rows = spaces.post(f"/v1/spaces/{space_id(space)}/invites", body)["data"]
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row['handle']}: {row['state']}")


def inbox(ctx: typer.Context, as_json: Json = False) -> None:
    """Read direct messages, newest first."""
    with client(ctx) as spaces:
        rows = spaces.get("/v1/dms")["data"]
    if as_json:
        emit_json(rows)
        return
    if not rows:
        note("no messages")
    out = console()
    for row in rows:
        out.print(f"{row['at']}  {row['from']}  [{row['kind']}]", style="bold")
        for line in clean(row["text"]).splitlines():
            out.print(f"  {line}")
        show_clip(row["clip"], row["clip"]["id"] if row["clip"] else "")
        if row["kind"] == "invite":
            out.print(f"  (spacesctl accept {row['space_id']})", style="dim")


def accept(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Accept an invitation to speak."""
    with client(ctx) as spaces:
        found = spaces.post(f"/v1/spaces/{space_id(space)}/accept")
    if as_json:
        emit_json(found)
        return
    say(f"you are {found['me']['role']} in “{clean(found['title'])}”")
    if found["notice"]:
        note(found["notice"])


def decline(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Decline an invitation."""
    with client(ctx) as spaces:
        found = spaces.post(f"/v1/spaces/{space_id(space)}/decline")
    if as_json:
        emit_json(found)
    else:
        say(f"you declined “{clean(found['title'])}”")


def uninvite(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Withdraw invitations that are not answered yet."""
    with client(ctx) as spaces:
        place = f"/v1/spaces/{space_id(space)}/invites"
        rows, refused = each(handles_of(handles), lambda one: spaces.delete(f"{place}/{one}"))
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row['handle']}: {row['state']}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def dm(
    ctx: typer.Context,
    to: Handle,
    text: Annotated[str, typer.Argument(help="The message.")] = "",
    voice: Voice = None,
    as_json: Json = False,
) -> None:
    """Send a direct message, as text, as a voice clip or both."""
    if not text and voice is None:
        raise Invalid("TEXT", "write something, or add --voice")
    with client(ctx) as spaces:
        body = {"to": handle(to), "text": text, "clip": upload(spaces, voice)}
        sent = spaces.post("/v1/dms", body, idempotency_key=str(uuid.uuid4()))
    if as_json:
        emit_json(sent)
    else:
        say(f"sent to {sent['to']}")
