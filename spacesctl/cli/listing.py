"""`list`: Spaces, in the order in which one wants to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import completion
from spacesctl.cli.common import Json, Limit, client, whose
from spacesctl.cli.output import emit_json, table
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.spaces import Space


def list_spaces(
    ctx: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only Spaces in these states. Default: live and scheduled.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only Spaces that you host.")] = False,
    host: Annotated[
        str | None,
        typer.Option(metavar="PERSON", help="Only Spaces of this host.", autocompletion=completion.handles),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only Spaces with all these words in title and topics.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List Spaces: live ones, then those to come, the next first, then the past."""
    if mine and host is not None:
        raise Invalid("--mine, --host", "give only one of them")
    whom = "me" if mine else whose(host) if host is not None else None
    with client(ctx, anonymous=whom != "me") as spaces:
        rows = sorted(spaces.spaces.list(state or (), host=whom, search=search), key=_turn)[:limit]
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
        empty=f"no Spaces{_NOT_LISTED if _asks_for_past(state) else ''}",
        spare=("PEOPLE",),
    )


_NOT_LISTED = ": those that have ended or were canceled are listed for their hosts only"


def _asks_for_past(states: Iterable[State] | None) -> bool:
    return any(one not in (State.LIVE, State.SCHEDULED) for one in states or ())


def _turn(one: Space) -> tuple[int, float]:
    """Where a Space stands in the list; in the order of the server where two are alike."""
    if one.state == State.LIVE:
        return 0, -one.started_at.timestamp() if one.started_at is not None else 0.0
    if one.state == State.SCHEDULED:
        return 1, one.scheduled_start.timestamp() if one.scheduled_start is not None else float("inf")
    return 2, -(one.ended_at or one.scheduled_start or one.created_at).timestamp()
