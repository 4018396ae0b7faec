"""`feed`: Spaces and posts of the accounts that you follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Json, client
from spacesctl.cli.output import clock, emit_json, note, say
from spacesctl.cli.postview import show_post

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space


def feed(
    ctx: typer.Context,
    cursor: Annotated[str | None, typer.Option(help="Where to continue, as the end of the previous page says.")] = None,
    as_json: Json = False,
) -> None:
    """Show live and scheduled Spaces of the accounts that you follow, then their posts, newest first."""
    with client(ctx) as spaces:
        found = spaces.posts.feed(cursor)
    if as_json:
        emit_json(found)
        return
    if not found.spaces and not found.data:
        note("nothing yet: `spacesctl follow PERSON` follows somebody")
    show_spaces(found.spaces)
    for post in found.data:
        show_post(post)
    if found.next is not None:
        note(f"more: spacesctl feed --cursor {found.next}")


def show_spaces(spaces: Iterable[Space]) -> None:
    """Print a line for each Space, and whether somebody whom you blocked speaks there."""
    for space in spaces:
        planned = clock(space.scheduled_start) if space.scheduled_start is not None else "not started yet"
        when = "live" if space.state == "live" else planned
        say(f"{space.title}  [{when}]  by {space.host.handle}  {space.link}")
        show_blocked(space)


def show_blocked(space: Space) -> None:
    """Print who of the people that you blocked is speaking in the Space, if anybody."""
    if space.blocked_speaking:
        say(f"  someone you blocked is speaking: {', '.join(space.blocked_speaking)}")
