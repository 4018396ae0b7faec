"""`audit list|verify`: the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import AlsoSpace, Json, client, either
from spacesctl.cli.output import emit_json, say, table

if TYPE_CHECKING:
    from spacesctl.api.by import By
    from spacesctl.api.moderation import AuditEntry


def list_audit(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Argument(metavar="SPACE", help="Only entries of this Space.")] = None,
    named: AlsoSpace = None,
    as_json: Json = False,
) -> None:
    """List what was done by you and in the Spaces that you host, newest first."""
    space = either(space, named)
    with client(ctx) as spaces:
        wanted = which.one(spaces, space, which.PAST) if space is not None else None
        rows = [row for row in spaces.moderation.audit() if wanted in (None, row.space_id)]
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "AT", "WHO", "DID", "TO", "SPACE", "MORE"),
        [_cells(one) for one in rows],
        empty="no entries",
        spare=("SPACE",),
    )


def _cells(one: AuditEntry) -> tuple[object, ...]:
    more = ", ".join(f"{key}={_shown(value)}" for key, value in one.details.items() if value)
    target = one.target.handle if one.target else None
    return one.id, one.created_at, who(one.by), one.action, target, one.space_id, more


def _shown(value: object) -> object:
    return "+".join(map(str, value)) if isinstance(value, list) else value


def who(by: By) -> str:
    """Who acted: a handle, a rule, or the server with its reason."""
    match by.kind:
        case "rule":
            return f"rule {by.id}"
        case "system":
            return f"server ({by.reason})"
        case _:
            return by.handle or "-"


def verify_audit(ctx: typer.Context, as_json: Json = False) -> None:
    """Verify the hash chains of the log: one a Space, one for the server. Exit code 1, and the first bad entry, if one was changed."""
    with client(ctx) as spaces:
        found = spaces.moderation.verify_audit()
    if as_json:
        emit_json(found)
    elif found.chain is None:
        say(f"every entry matches the one before it; head {found.head}")
    elif found.first_bad is None:
        say(f"entries are missing at the end of the chain {found.chain}: the log was changed")
    else:
        say(f"entry {found.first_bad} does not match the one before it: the log was changed")
    if found.chain is not None:
        raise typer.Exit(1)
