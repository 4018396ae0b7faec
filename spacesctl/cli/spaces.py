"""`list`, `show`, `start`, `end`, `edit`, `cancel`, `react`, `policy`: Spaces themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import (
    Json,
    SpaceRef,
    Yes,
    client,
    confirm,
    space_id,
)
from spacesctl.cli.output import emit_json, say, table
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import ListenerPolicy, Policy, Reaction, State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space


def list_spaces(
    ctx: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only Spaces in these states. Default: live and scheduled.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List Spaces, newest first."""
    with client(ctx, anonymous=True) as spaces:
        rows = list(spaces.spaces.list(state or ()))
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "STATE", "TITLE", "HOST", "WHEN", "PEOPLE"),
        [
            (
                one.id,
                one.state,
                one.title,
                one.host.handle,
                one.started_at or one.scheduled_start,
                one.participant_count,
            )
            for one in rows
        ],
        empty="no Spaces",
    )


def show(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Show a Space."""
    with client(ctx, anonymous=True) as spaces:
        _show(spaces.spaces.get(space_id(space)), as_json=as_json)


def start(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Open a Space: it goes live."""
    with client(ctx) as spaces:
        _show(spaces.spaces.start(space_id(space)), as_json=as_json)


def end(ctx: typer.Context, space: SpaceRef, yes: Yes = False, as_json: Json = False) -> None:
    """End a live Space for everybody."""
    confirm(ctx, "End this Space for everybody?", yes=yes)
    with client(ctx) as spaces:
        _show(spaces.spaces.end(space_id(space)), as_json=as_json)


def edit(
    ctx: typer.Context,
    space: SpaceRef,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="New start time, for a Space that has not started.")
    ] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of --at. Default: this machine's.")] = None,
    listeners: Annotated[ListenerPolicy | None, typer.Option(help="Who may listen.")] = None,
    captions: Annotated[bool | None, typer.Option("--captions/--no-captions", help="Live captions by a bot.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the previous ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a Space; what you do not give stays as it is."""
    from spacesctl.api.spaces import SpaceChange
    from spacesctl.cli.when import wire_time

    change = SpaceChange(
        title=title,
        listeners=listeners,
        captions=captions,
        topics=topic or None,
        scheduled_start=wire_time(at, tz) if at is not None else None,
    )
    if change == SpaceChange():
        raise Invalid("edit", "say what to change", hint="--title, --at, --topic, --listeners, --captions")
    with client(ctx) as spaces:
        _show(spaces.spaces.edit(space_id(space), change), as_json=as_json)


def cancel(ctx: typer.Context, space: SpaceRef, yes: Yes = False, as_json: Json = False) -> None:
    """Cancel a Space that has not started."""
    confirm(ctx, "Cancel this Space?", yes=yes)
    with client(ctx) as spaces:
        _show(spaces.spaces.cancel(space_id(space)), as_json=as_json)


def react(
    ctx: typer.Context,
    space: SpaceRef,
    reaction: Annotated[Reaction, typer.Argument(help="The reaction.")],
    as_json: Json = False,
) -> None:
    """Send a reaction, which everybody in the Space sees."""
    with client(ctx) as spaces:
        made = spaces.spaces.react(space_id(space), reaction)
    if as_json:
        emit_json(made)
    else:
        say(made.emoji)


def policy(
    ctx: typer.Context,
    space: SpaceRef,
    speakers: Annotated[Policy, typer.Argument(help="Who may speak without being approved.")],
    as_json: Json = False,
) -> None:
    """Set who may speak without being approved, also while the Space is live."""
    from spacesctl.api.spaces import SpaceChange

    with client(ctx) as spaces:
        changed = spaces.spaces.edit(space_id(space), SpaceChange(speakers=speakers))
    _show(changed, as_json=as_json)


def _show(space: Space, *, as_json: bool) -> None:
    if as_json:
        emit_json(space)
    else:
        from spacesctl.cli.spaceview import show_space

        show_space(space)
