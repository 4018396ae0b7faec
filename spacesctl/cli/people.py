"""`people raise hands approve deny promote`: the people of a Space, and who may speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Handles, Json, SpaceRef, client, each, handles_of, space_id
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
    topic: Annotated[str, typer.Option(help="What you want to speak about.")] = "",
    note: Annotated[str, typer.Option(help="More for the host and the co-hosts.")] = "",
    as_json: Json = False,
) -> None:
    """Raise your hand to speak. If the Space's policy admits you, you may speak at once."""
    place = f"/v1/spaces/{space_id(space)}/requests"
    with client(ctx) as spaces:
        me = spaces.delete(f"{place}/me") if lower else spaces.post(place, {"topic": topic, "note": note})
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
        table(
            found,
            {"#": "position", "HANDLE": "handle", "NAME": "name", "TOPIC": "topic", "NOTE": "note"},
            empty="no hands are up",
        )


def approve(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Approve a request to speak."""
    each_person(ctx, space, handles, "requests", "approve", as_json=as_json)


def deny(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Deny a request to speak."""
    each_person(ctx, space, handles, "requests", "deny", as_json=as_json)


def promote(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    host: Annotated[bool, typer.Option("--host", help="Make a co-host the host; you become a co-host.")] = False,
    as_json: Json = False,
) -> None:
    """Make a speaker a co-host (a Space has at most two), or with --host a co-host the host."""
    each_person(ctx, space, handles, "people", "host" if host else "promote", as_json=as_json)


def each_person(
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
    """Ask the server to do `verb` to each person, and print the result. Exits with the code of the last refusal."""
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
