"""`suggestions confirm dismiss`: what rules leave to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import AlsoSpace, Json, client, either
from spacesctl.cli.output import emit_json, say, table
from spacesctl.cli.people import how_undone
from spacesctl.domain.errors import NotFound
from spacesctl.domain.ids import is_space_id

if TYPE_CHECKING:
    from spacesctl.api.suggestions import Suggestion

Ref = Annotated[str, typer.Argument(metavar="SUGGESTION", help="Its id, from `suggestions`.")]
_WHY = {
    "held": "held by the circuit breaker",
    "unanswered": "no second recognition",
    "suggested": "the rule suggests",
}


def suggestions(
    ctx: typer.Context,
    space: Annotated[
        str | None, typer.Argument(metavar="SPACE", help="A live Space that you moderate. Default: your live one.")
    ] = None,
    named: AlsoSpace = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the last that were decided on, or expired.")] = False,
    as_json: Json = False,
) -> None:
    """List what rules suggest and nobody has decided on: to do what to whom, for which words, and why it waits for you."""
    with client(ctx) as spaces:
        where = which.one(spaces, either(space, named), which.LIVE)
        rows = [one for one in spaces.people.suggestions(where) if everything or one.state == "open"]
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "ASKED", "TIMES", "TO", "WHOM", "RULE", "WORDS", "STATE"),
        [(one.id, one.since, one.times, _what(one), _whom(one), one.rule_id, _said(one), _state(one)) for one in rows],
        empty="no suggestions",
        spare=("TIMES", "STATE"),
    )


def confirm(ctx: typer.Context, suggestion: Ref, as_json: Json = False) -> None:
    """Do what a rule suggests: it becomes a sanction in your name, with its rule as the reason."""
    with client(ctx) as spaces:
        done = spaces.people.confirm(_space_of(suggestion), suggestion)
    if as_json:
        emit_json(done)
    elif done.sanction_id is not None:
        say(f"{_whom(done)}: {_what(done)}, by rule {done.rule_id}{how_undone(done.sanction_id)}")
    elif done.action == "block":
        say(f"{_whom(done)}: blocked, by rule {done.rule_id} (`spacesctl unblock {_whom(done)}` undoes it)")
    else:
        say(f"{_whom(done)}: noted, by rule {done.rule_id}")


def dismiss(ctx: typer.Context, suggestion: Ref, as_json: Json = False) -> None:
    """Leave undone what a rule suggests, so that nobody confirms it later."""
    with client(ctx) as spaces:
        done = spaces.people.dismiss(_space_of(suggestion), suggestion)
    if as_json:
        emit_json(done)
    else:
        say(f"{_whom(done)}: not {_what(done)}; the suggestion is dismissed")


def _space_of(suggestion: str) -> str:
    """Its id begins with that of its Space. Raises NotFound."""
    space, dash, _ = suggestion.partition("-")
    if not dash or not is_space_id(space):
        raise NotFound("suggestion", suggestion)
    return space


def _whom(one: Suggestion) -> str:
    return one.target.handle if one.target is not None else "the Space"


def _what(one: Suggestion) -> str:
    return one.action if one.duration is None else f"{one.action} for {one.duration} s"


def _said(one: Suggestion) -> str:
    return one.text or one.found


def _state(one: Suggestion) -> str:
    if one.state == "open":
        return _WHY[one.why]
    return f"{one.state} by {one.decided_by.handle}" if one.decided_by is not None else one.state
