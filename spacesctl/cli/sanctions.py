"""`mute unmute demote kick undo sanctions`: what is done about people, for how long, and how it ends."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from spacesctl.cli import completion
from spacesctl.cli.common import Handles, Json, SpaceRef, Yes, client, confirm, handles_of, space_id
from spacesctl.cli.output import emit_json, say, table
from spacesctl.cli.people import each_person
from spacesctl.cli.schedule import duration_seconds
from spacesctl.client.http import segment
from spacesctl.domain.errors import Invalid

For = Annotated[
    str | None,
    typer.Option("--for", metavar="D", help="For how long, such as 90s or 1h. Default: until the Space ends."),
]
Why = Annotated[str, typer.Option("--reason", help="The reason, which the person is told.")]
_COLUMNS = {
    "ID": "id",
    "SINCE": "since",
    "DONE": "action",
    "TO": "target",
    "BY": "who",
    "UNTIL": "until",
    "ENDED": "how",
    "REASON": "reason",
}


def mute(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Annotated[
        list[str] | None,
        typer.Argument(metavar="@HANDLE...", help="`-` reads a list from stdin.", autocompletion=completion.handles),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All speakers but host and co-hosts.")] = False,
    reason: Why = "",
    how_long: For = None,
    as_json: Json = False,
) -> None:
    """Mute on the server: nobody hears what they send, and they cannot unmute themselves."""
    body = _measure(reason, how_long)
    each_person(ctx, space, handles or [], "people", "mute", body, everybody=everybody, as_json=as_json)


def unmute(ctx: typer.Context, space: SpaceRef, handles: Handles, as_json: Json = False) -> None:
    """Lift a mute. They are told, and only they can open their microphone again."""
    each_person(ctx, space, handles, "people", "unmute", as_json=as_json)


def demote(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    reason: Why = "",
    how_long: For = None,
    as_json: Json = False,
) -> None:
    """Make a speaker a listener, who needs an approval to speak again."""
    each_person(ctx, space, handles, "people", "demote", _measure(reason, how_long), as_json=as_json)


def kick(
    ctx: typer.Context,
    space: SpaceRef,
    handles: Handles,
    reason: Why = "",
    how_long: For = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove people; they cannot come back until the Space ends, or the time is over."""
    handles, body = handles_of(handles), _measure(reason, how_long)
    confirm(ctx, f"Remove {', '.join(handles)}?", yes=yes)
    each_person(ctx, space, handles, "people", "kick", body, as_json=as_json)


def sanctions(
    ctx: typer.Context,
    space: Annotated[
        str | None, typer.Argument(metavar="[SPACE]", help="Default: those on you, in all Spaces.")
    ] = None,
    blocks: Annotated[bool, typer.Option("--blocks", help="The blocks on your own list.")] = False,
    as_json: Json = False,
) -> None:
    """List sanctions, newest first, with those that ended: of a Space that you host, the blocks on your list, or those on you."""
    if blocks and space is not None:
        raise Invalid("--blocks", "is for all Spaces")
    with client(ctx) as spaces:
        mine = "/v1/sanctions" if blocks else "/v1/accounts/me/sanctions"
        path = mine if space is None else f"/v1/spaces/{space_id(space)}/sanctions"
        rows = spaces.get(path)["data"]
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row["who"] = f"rule {row['by']['id']}" if row["by"]["kind"] == "rule" else row["actor"]
    table(rows, _COLUMNS, empty="no sanctions")


def undo(
    ctx: typer.Context,
    sanction: Annotated[str, typer.Argument(metavar="SANCTION", help="Its id, from `sanctions`.")],
    reason: Annotated[str, typer.Option(help="The reason, which the person is told.")] = "",
    as_json: Json = False,
) -> None:
    """Undo a mute, a demotion, a kick or a block."""
    space, dash, _ = sanction.partition("-")
    of_space = f"/v1/spaces/{space_id(space)}/sanctions" if dash else "/v1/sanctions"
    with client(ctx) as spaces:
        row = spaces.post(f"{of_space}/{segment(sanction)}/undo", {"reason": reason})
    if as_json:
        emit_json(row)
    else:
        say(f"{row['target']}: {row['action']} undone")


def _measure(reason: str, how_long: str | None) -> dict[str, Any]:
    duration = duration_seconds(how_long, "--for") if how_long is not None else None
    return {"reason": reason, "duration": duration}
