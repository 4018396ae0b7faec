"""`show`, `start`, `end`, `cancel`, `react`, `policy`: Spaces themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, SpaceRef, ThisSpace, Yes, client
from spacesctl.cli.output import emit_json, say
from spacesctl.domain.words import Policy, Reaction, State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space


def show(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """Show a Space."""
    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, which.PAST)
        tell(found, as_json=as_json)
        if found.state == State.ENDED and not as_json:
            from spacesctl.cli.spaceview import show_recordings

            show_recordings(spaces.recordings.list(found.id))


def start(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Open a Space: it goes live."""
    with client(ctx) as spaces:
        tell(spaces.spaces.start(which.one(spaces, space, sure=True)), as_json=as_json)


def end(ctx: typer.Context, space: ThisSpace, yes: Yes = False, as_json: Json = False) -> None:
    """End a live Space for everybody."""
    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)
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
    space: SpaceRef = None,
    reaction: Annotated[Reaction, typer.Argument(help="The reaction.")],
    as_json: Json = False,
) -> None:
    """Send a reaction, which everybody in the Space sees."""
    with client(ctx) as spaces:
        made = spaces.spaces.react(which.one(spaces, space), reaction)
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


def tell(space: Space, *, as_json: bool) -> None:
    """Print a Space, as JSON or for people."""
    if as_json:
        emit_json(space)
    else:
        from spacesctl.cli.spaceview import show_space

        show_space(space)
