"""`lock unlock slow hold`, and `mute demote unmute --all`: what is done about all who are in a Space, or come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Json, SpaceRef, client, duration_seconds
from spacesctl.cli.output import clock, emit_json, say
from spacesctl.cli.people import how_undone
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from spacesctl.api.people import Sanction
    from spacesctl.domain.words import MeasureKind

Lasts = Annotated[
    str | None,
    typer.Option("--for", metavar="DURATION", help="For how long, such as 90s or 1h. Default: until you end it."),
]
Why = Annotated[str, typer.Option("--reason", help="The reason, for the sanctions and the audit log.")]
_DONE: dict[MeasureKind, str] = {
    "lock": "locked: nobody new joins",
    "slow": "slow: one request to speak or reaction in {every} s from each account",
    "hold": "held: who comes on stage is muted",
    "mute": "all below you are muted, and who comes on stage, too",
    "demote": "all below you are listeners, and everybody needs an approval to speak",
}
_ENDED: dict[MeasureKind, str] = {
    "lock": "unlocked: everybody may join again",
    "slow": "no longer slow",
    "hold": "who comes on stage may speak again; who came meanwhile is no longer muted",
    "mute": "people may open their microphones again",
}


def lock(
    ctx: typer.Context, space: SpaceRef = None, reason: Why = "", how_long: Lasts = None, as_json: Json = False
) -> None:
    """Let nobody new join: who is there stays, and may come back; staff and who is invited may always come."""
    begin(ctx, "lock", space, reason, how_long, as_json=as_json)


def unlock(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """Let everybody join again."""
    end(ctx, "lock", space, as_json=as_json)


def slow(
    ctx: typer.Context,
    space: SpaceRef = None,
    every: Annotated[
        str, typer.Option("--every", metavar="DURATION", help="The time between two of one account, at most 1h.")
    ] = "30s",
    reason: Why = "",
    how_long: Lasts = None,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    as_json: Json = False,
) -> None:
    """Take one request to speak or reaction from each account in so much time. Staff may always."""
    if off:
        _refuse_both(how_long)
        end(ctx, "slow", space, as_json=as_json)
        return
    begin(ctx, "slow", space, reason, how_long, every=duration_seconds(every, "--every"), as_json=as_json)


def hold(
    ctx: typer.Context,
    space: SpaceRef = None,
    reason: Why = "",
    how_long: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="For how long, such as 90s or 1h. Default: 5m.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    as_json: Json = False,
) -> None:
    """Let nobody new speak: who comes on stage is muted until it ends. Who speaks already goes on."""
    if off:
        _refuse_both(how_long)
        end(ctx, "hold", space, as_json=as_json)
        return
    begin(ctx, "hold", space, reason, how_long, as_json=as_json)


def begin(
    ctx: typer.Context,
    action: MeasureKind,
    space: str | None,
    reason: str,
    how_long: str | None,
    *,
    every: int | None = None,
    sure: bool = False,
    as_json: bool,
) -> None:
    """Begin a measure, and print how it is undone. `sure`: the Space is not guessed."""
    from spacesctl.api.people import NewSpaceMeasure

    seconds = duration_seconds(how_long, "--for") if how_long is not None else None
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE, sure=sure)
        made = spaces.people.measure(where, action, NewSpaceMeasure(reason=reason, duration=seconds, every=every))
    if as_json:
        emit_json(made)
    else:
        say(f"{_DONE[action].format(every=made.every)}{_until(made)}{how_undone(made.id)}")


def end(ctx: typer.Context, action: MeasureKind, space: str | None, *, sure: bool = False, as_json: bool) -> None:
    """End a measure."""
    from spacesctl.cli.answers import Ended

    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE, sure=sure)
        spaces.people.end_measure(where, action)
    if as_json:
        emit_json(Ended(space_id=where, action=action))
    else:
        say(_ENDED[action])


def _refuse_both(how_long: str | None) -> None:
    if how_long is not None:
        raise Invalid("--off, --for", "give only one of them")


def _until(made: Sanction) -> str:
    return f", until {clock(made.until)}" if made.until is not None else ""
