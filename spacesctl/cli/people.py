"""`people raise hands approve deny mute unmute demote kick`: the people of a Space, and who may speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from spacesctl.cli import completion
from spacesctl.cli.common import Handles, Json, SpaceRef, Yes, client, confirm, each, handles_of, space_id
from spacesctl.cli.output import emit_json, say, table
from spacesctl.client.http import Client


def people(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """List the people in a Space, those on stage first."""
    with client(ctx, anonymous=True) as spaces:
        found = spaces.get(f"/v1/spaces/{space_id(space)}/people")
    if as_json:
        emit_json(found["data"])
        return
    columns = {
        "HANDLE": "handle",
        "ROLE": "role",
        "MIC": "mic",
        "MUTED": "muted",
        "HAND": "hand_raised",
        "HERE": "connected",
    }
    table(found["data"], columns, empty="nobody")
    if found["anonymous"]:
        say(f"and {found['anonymous']} anonymous")


def raise_hand(
    ctx: typer.Context,
    space: SpaceRef,
    lower: Annotated[bool, typer.Option("--lower", help="Lower your hand.")] = False,
    as_json: Json = False,
) -> None:
    """Raise your hand to speak. If the Space's policy admits you, you may speak at once."""
    place = f"/v1/spaces/{space_id(space)}/requests"
    with client(ctx) as spaces:
        me = spaces.delete(f"{place}/me") if lower else spaces.post(place)
    if as_json:
        emit_json(me)
    elif me["role"] != "listener":
        say("you may speak")
    else:
        say("your hand is up" if me["hand_raised"] else "your hand is down")


def hands(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """List who asks to speak, in the order in which they asked."""
    with client(ctx) as spaces:
        found = spaces.get(f"/v1/spaces/{space_id(space)}/requests")["data"]
    if as_json:
        emit_json(found)
    else:
        table(found, {"#": "position", "HANDLE": "handle", "NAME": "name"}, empty="no hands are up")


def approve(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Approve a request to speak."""
    _each(ctx, space, handles, "requests", "approve", as_json=as_json)


def deny(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Deny a request to speak."""
    _each(ctx, space, handles, "requests", "deny", as_json=as_json)


def mute(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Annotated[
        list[str] | None,
        typer.Argument(metavar="@HANDLE...", help="`-` reads a list from stdin.", autocompletion=completion.handles),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All speakers but host and co-hosts.")] = False,
    reason: Annotated[str, typer.Option(help="The reason, for the audit log.")] = "",
    as_json: Json = False,
) -> None:
    """Mute on the server: nobody hears what they send, and they cannot unmute themselves."""
    _each(ctx, space, handles or [], "people", "mute", {"reason": reason}, everybody=everybody, as_json=as_json)


def unmute(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Lift a mute. They are told, and only they can open their microphone again."""
    _each(ctx, space, handles, "people", "unmute", as_json=as_json)


def demote(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Make a speaker a listener."""
    _each(ctx, space, handles, "people", "demote", as_json=as_json)


def promote(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    host: Annotated[bool, typer.Option("--host", help="Make a co-host the host; you become a co-host.")] = False,
    as_json: Json = False,
) -> None:
    """Make a speaker a co-host (a Space has at most two), or with --host a co-host the host."""
    _each(ctx, space, handles, "people", "host" if host else "promote", as_json=as_json)


def kick(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    reason: Annotated[str, typer.Option(help="The reason, which the person is told.")] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove people; they cannot come back until the Space ends."""
    handles = handles_of(handles)
    confirm(ctx, f"Remove {', '.join(handles)}?", yes=yes)
    _each(ctx, space, handles, "people", "kick", {"reason": reason}, as_json=as_json)


def _each(
    ctx: typer.Context,
    space: str,
    handles: list[str],
    noun: str,
    verb: str,
    body: dict[str, Any] | None = None,
    *,
    everybody: bool = False,
    as_json: bool,
) -> None:
    place = f"/v1/spaces/{space_id(space)}"
    with client(ctx) as spaces:
        whom = _everybody(spaces, place) if everybody else handles_of(handles)
        rows, refused = each(whom, lambda one: spaces.post(f"{place}/{noun}/{one}/{verb}", body))
    if as_json:
        emit_json(rows[0] if len(rows) == len(whom) == 1 and not everybody else rows)
    else:
        for row in rows:
            say(f"{row['handle']}: {_RESULT[verb](row)}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def _everybody(spaces: Client, place: str) -> list[str]:
    return [row["handle"] for row in spaces.get(f"{place}/people")["data"] if row["role"] == "speaker"]


_RESULT: dict[str, Callable[[dict[str, Any]], str]] = {
    "approve": lambda row: f"now {row['role']}",
    "deny": lambda row: "request denied",
    "mute": lambda row: "muted",
    "unmute": lambda row: "may open the microphone again",
    "promote": lambda row: f"now {row['role']}",
    "host": lambda row: f"now {row['role']}",
    "demote": lambda row: f"now {row['role']}",
    "kick": lambda row: "removed",
}
