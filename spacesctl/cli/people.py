"""`people raise hands approve deny promote`: the people of a Space, and who may speak."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Handles, Json, RoomRef, Session, SpaceRef, client, each, handles_of
from spacesctl.cli.output import emit_json, say, table
from spacesctl.cli.roles import ROLES
from spacesctl.domain.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spacesctl.api.people import Member, Sanction
    from spacesctl.client.http import Client


def people(
    ctx: typer.Context,
    space: RoomRef = None,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="The connections of listeners without an account, for `kick`. For staff."),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the people in a Space, those on stage first."""
    if anonymous:
        _connections(ctx, space, as_json=as_json)
        return
    with client(ctx, anonymous=True) as spaces:
        found = spaces.people.list(which.one(spaces, space, guest=True))
    if as_json:
        emit_json(found.data)
        return
    table(
        ("HANDLE", "ROLE", "MIC", "MUTED", "HAND", "HERE"),
        [(one.handle, one.role, one.mic, one.muted, one.hand_raised, one.connected) for one in found.data],
        empty="nobody",
    )
    if found.anonymous:
        say(f"and {found.anonymous} anonymous")


def _connections(ctx: typer.Context, space: str | None, *, as_json: bool) -> None:
    with client(ctx) as spaces:
        rows = list(spaces.people.connections(which.one(spaces, space)))
    if as_json:
        emit_json(rows)
        return
    table(
        ("CONNECTION", "HOW", "SINCE"),
        [(one.id, one.kind, clock_of(one.since_tick)) for one in rows],
        empty="nobody without an account",
    )


def clock_of(tick: int) -> str:
    """`MM:SS` of the Space clock."""
    return f"{tick // 3000:02d}:{tick // 50 % 60:02d}"


def raise_hand(
    ctx: typer.Context,
    space: RoomRef = None,
    lower: Annotated[bool, typer.Option("--lower", help="Lower your hand.")] = False,
    topic: Annotated[str, typer.Option(help="What you want to speak about.")] = "",
    note: Annotated[str, typer.Option(help="More for the host and the co-hosts.")] = "",
    as_json: Json = False,
) -> None:
    """Raise your hand to speak. If the Space's policy admits you, you may speak at once."""
    from spacesctl.api.people import NewHand

    with client(ctx) as spaces:
        where = which.one(spaces, space, guest=True)
        hand = NewHand(topic=topic, note=note)
        me = spaces.people.lower_hand(where) if lower else spaces.people.raise_hand(where, hand)
    if as_json:
        emit_json(me)
    elif me.role != "listener":
        say("you may speak")
    else:
        say("your hand is up" if me.hand_raised else "your hand is down")


def hands(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """List who asks to speak, in the order in which they asked."""
    with client(ctx) as spaces:
        rows = list(spaces.people.hands(which.one(spaces, space)))
    if as_json:
        emit_json(rows)
        return
    table(
        ("#", "HANDLE", "NAME", "TOPIC", "NOTE"),
        [(one.position, one.handle, one.name, one.topic, one.note) for one in rows],
        empty="no hands are up",
    )


def approve(ctx: typer.Context, *, space: SpaceRef = None, handles: Handles, as_json: Json = False) -> None:
    """Approve a request to speak."""
    each_person(ctx, space, handles, lambda spaces: spaces.people.approve, new_role, as_json=as_json)


def deny(ctx: typer.Context, *, space: SpaceRef = None, handles: Handles, as_json: Json = False) -> None:
    """Deny a request to speak."""
    each_person(ctx, space, handles, lambda spaces: spaces.people.deny, lambda _: "request denied", as_json=as_json)


def promote(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    handles: Handles,
    host: Annotated[bool, typer.Option("--host", help="Make a co-host the host; you become a co-host.")] = False,
    as_json: Json = False,
) -> None:
    """Make a speaker a co-host (a Space has at most two), or with --host a co-host the host. With --host, SPACE is needed."""

    def way(spaces: Client) -> Callable[[str, str], Member]:
        return spaces.people.hand_over if host else spaces.people.promote

    each_person(ctx, space, handles, way, new_role, sure=host, as_json=as_json)


def each_person(
    ctx: typer.Context,
    space: str | None,
    handles: list[str],
    way: Callable[[Client], Callable[[str, str], Member]],
    said: Callable[[Member], str],
    *,
    sure: bool = False,
    undone: str | None = None,
    as_json: bool,
) -> None:
    """Call the method that `way` picks for each person, and print what `said` makes of the answers; with `undone`, the
    action of a sanction, also how it is undone.

    Exits with the code of the first refusal. `sure`: the Space is not guessed.
    """
    whom = handles_of(handles)
    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=sure)
        act = way(spaces)
        rows, refused = each(whom, lambda one: act(where, one))
        ids = {}
        if undone is not None and rows and not as_json and not ctx.ensure_object(Session).dry_run:
            ids = sanctions_in_force(lambda: spaces.spaces.sanctions(where), undone)
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row.handle}: {said(row)}{how_undone(ids.get(row.handle))}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def sanctions_in_force(listed: Callable[[], Iterable[Sanction]], action: str) -> dict[str, str]:
    """The ids of the sanctions of a kind that have not ended, by the handle of whom they are on. Empty for who may not list them."""
    with suppress(NotAllowed):
        in_force = [one for one in listed() if one.action == action and one.lifted_at is None]
        return {one.target.handle: one.id for one in reversed(in_force) if one.target is not None}
    return {}


def how_undone(sanction: str | None) -> str:
    """The command that undoes it, to be copied."""
    return f"  (spacesctl undo {sanction})" if sanction is not None else ""


def new_role(one: Member) -> str:
    """What is said about a person whose role changed."""
    return f"now {ROLES[one.role]}"
