"""`show`, `start`, `end`, `cancel`, `react`, `policy`: Spaces themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, RoomRef, SpaceRef, ThisSpace, Yes, client
from spacesctl.cli.output import emit_json, say
from spacesctl.domain.words import InviteState, Policy, Reaction, Role, State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space
    from spacesctl.client.http import Client


def show(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """Show a Space."""
    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, which.PAST)
        if as_json:
            emit_json(found)
            return
        from spacesctl.cli.spaceview import show_recordings, show_space

        unheard = {one.account_id for one in found.captions_status.unheard or ()}
        names = {one: spaces.accounts.get(one).handle for one in unheard}
        show_space(found, cohosts=_cohosts(spaces, found), names=names)
        if found.state == State.ENDED:
            show_recordings(spaces.recordings.list(found.id))


def _cohosts(spaces: Client, found: Space) -> list[str]:
    """The co-hosts, and for staff also who is invited to be one."""
    cohosts = [spaces.accounts.get(one).handle for one in found.host_ids[1:]] if len(found.host_ids) > 1 else []
    is_staff = found.me is not None and found.me.role in (Role.HOST, Role.COHOST)  # others may not list invitations
    if is_staff and found.invited_user_ids and found.state in which.OPEN:
        asked = [one for one in spaces.people.invites(found.id) if one.role == Role.COHOST]
        cohosts += [f"{one.handle} (invited)" for one in asked if one.state == InviteState.PENDING]
    return cohosts


def start(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Open a Space: it goes live."""
    with client(ctx) as spaces:
        tell(spaces.spaces.start(which.one(spaces, space, sure=True)), as_json=as_json)


def end(ctx: typer.Context, space: ThisSpace, yes: Yes = False, as_json: Json = False) -> None:
    """End a live Space for everybody."""
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE, sure=True)
        confirm(ctx, "End this Space for everybody?", yes=yes, always=True)
        tell(spaces.spaces.end(where), as_json=as_json)


def cancel(ctx: typer.Context, space: ThisSpace, yes: Yes = False, as_json: Json = False) -> None:
    """Cancel a Space that has not started."""
    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)
        confirm(ctx, "Cancel this Space?", yes=yes, always=True)
        tell(spaces.spaces.cancel(where), as_json=as_json)


def react(
    ctx: typer.Context,
    *,
    space: RoomRef = None,
    reaction: Annotated[Reaction, typer.Argument(help="The reaction.")],
    as_json: Json = False,
) -> None:
    """Send a reaction, which everybody in the Space sees."""
    with client(ctx) as spaces:
        made = spaces.spaces.react(which.one(spaces, space, guest=True), reaction)
    if as_json:
        emit_json(made)
    else:
        say(made.emoji)


def policy(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    speakers: Annotated[Policy, typer.Argument(help="Who may speak without being approved.")],
    as_json: Json = False,
) -> None:
    """Set who may speak without being approved, also while the Space is live."""
    from spacesctl.api.spaces import SpaceChange

    with client(ctx) as spaces:
        changed = spaces.spaces.edit(which.one(spaces, space), SpaceChange(speakers=speakers))
    tell(changed, as_json=as_json)


def tell(space: Space, *, as_json: bool, tz: str | None = None) -> None:
    """Print a Space, as JSON or for people: with its start in the zone in which it was given."""
    if as_json:
        emit_json(space)
    else:
        from spacesctl.cli.spaceview import show_space

        show_space(space, tz)
