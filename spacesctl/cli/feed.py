"""`feed`: what those whom one follows do and say."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, client
from spacesctl.cli.output import clean, emit_json, note, say
from spacesctl.cli.posts import show_post


def feed(
    ctx: typer.Context,
    cursor: Annotated[str | None, typer.Option(help="Go on from where the page before ended.")] = None,
    as_json: Json = False,
) -> None:
    """Live and coming Spaces of those whom you follow, then their posts, newest first."""
    with client(ctx) as spaces:
        found = spaces.get("/v1/feed", cursor=cursor)
    if as_json:
        emit_json(found)
        return
    if not found["spaces"] and not found["data"]:
        note("nothing yet; follow somebody")
    show_spaces(found["spaces"])
    for post in found["data"]:
        show_post(post)
    if found["next"] is not None:
        note(f"more: spacesctl feed --cursor {found['next']}")


def show_spaces(spaces: list[dict[str, Any]]) -> None:
    """A line each, with what one should know before going in."""
    for space in spaces:
        when = "live" if space["state"] == "live" else space["scheduled_start"] or "not started yet"
        say(f"{clean(space['title'])}  [{when}]  by {space['host']['handle']}  {space['link']}")
        show_blocked(space)


def show_blocked(space: dict[str, Any]) -> None:
    if space["blocked_speaking"]:
        say(f"  someone you blocked is speaking: {', '.join(space['blocked_speaking'])}")
