"""`invite`, `invites`, `accept`, `decline`, `uninvite`: invitations to speak, which are direct messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Handles, Json, SpaceRef, ThisSpace, client, each, either, handles_of
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.cli.roles import ROLES
from spacesctl.domain.words import Role, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.people import Invitation, ReceivedInvitation


def invite(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    handles: Handles,
    message: Annotated[str, typer.Option(metavar="WORDS", help="Added to the invitation.")] = "",
    role: Annotated[
        Literal["speaker", "cohost"],
        typer.Option("--as", help="What they become when they accept. Only the host invites co-hosts."),
    ] = "speaker",
    as_json: Json = False,
) -> None:
    """Invite people to speak or, with --as, to co-host, by direct message."""
    from spacesctl.api.people import NewInvites

    new = NewInvites(handles=handles_of(handles), message=message, role=Role(role))
    with client(ctx) as spaces:
        _tell(spaces.people.invite(which.one(spaces, space), new), as_json=as_json)


def invites(
    ctx: typer.Context,
    space: Annotated[
        str | None, typer.Argument(metavar="SPACE", help="The invitations to this Space. (Its host and co-hosts only.)")
    ] = None,
    named: Annotated[str | None, typer.Option("--space", metavar="SPACE", help="The same as SPACE.")] = None,
    as_json: Json = False,
) -> None:
    """List your invitations to Spaces that are not over, or those to a Space that you host."""
    space = either(space, named)
    with client(ctx) as spaces:
        if space is not None:
            _show_sent(list(spaces.people.invites(which.one(spaces, space))), as_json=as_json)
        else:
            _show_received(list(spaces.accounts.invites()), as_json=as_json)


def _show_sent(rows: list[Invitation], *, as_json: bool) -> None:
    if as_json:
        emit_json(rows)
        return
    table(
        ("PERSON", "NAME", "ROLE", "ANSWER"),
        [(one.handle, one.name, one.role, one.state) for one in rows],
        empty="no invitations",
    )


def _show_received(rows: list[ReceivedInvitation], *, as_json: bool) -> None:
    if as_json:
        emit_json(rows)
        return
    table(
        ("SPACE", "STATE", "TITLE", "HOST", "WHEN", "ROLE", "ANSWER"),
        [(one.space_id, one.space_state, one.title, one.host.handle, _when(one), one.role, one.state) for one in rows],
        empty="no invitations",
        spare=("STATE",),
    )


def _when(one: ReceivedInvitation) -> object:
    """That it is live says more than when it was planned for."""
    return "live" if one.space_state == State.LIVE else one.scheduled_start


def accept(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Accept an invitation to speak."""
    with client(ctx) as spaces:
        found = spaces.people.accept(which.one(spaces, space, sure=True))
    if as_json:
        emit_json(found)
        return
    say(f"you are {ROLES[found.me.role if found.me else Role.LISTENER]} in “{found.title}”")
    if found.notice:
        note(found.notice)


def decline(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Decline an invitation."""
    with client(ctx) as spaces:
        found = spaces.people.decline(which.one(spaces, space, sure=True))
    if as_json:
        emit_json(found)
    else:
        say(f"you declined “{found.title}”")


def uninvite(ctx: typer.Context, space: ThisSpace, handles: Handles, as_json: Json = False) -> None:
    """Withdraw invitations that are not answered yet."""
    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)
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
