"""`audit list|verify`: the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import AlsoSpace, Json, client, either
from spacesctl.cli.output import emit_json, say, table

if TYPE_CHECKING:
    from spacesctl.api.by import By
    from spacesctl.api.moderation import AuditCheck, AuditEntry, Detail


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
    did, details = _did(one)
    more = ", ".join(f"{key}={_shown(value)}" for key, value in details.items() if value)
    target = one.target.handle if one.target else None
    return one.id, one.created_at, who(one.by), did, target, one.space_id, more


def _did(one: AuditEntry) -> tuple[str, dict[str, Detail]]:
    """What was done, and what else there is to say. What a rule did says so where nothing is shortened: the action, and unless it was
    done, the mode."""
    details = dict(one.details)
    if one.action == "act":
        action, mode = details.pop("action", ""), details.pop("mode", "")
        return f"act: {action}{f' ({mode})' if mode != 'enforce' else ''}", details
    if one.action.startswith("suggestion."):
        return f"{one.action}: {details.pop('action', '')}", details
    return one.action, details


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


def verify_audit(
    ctx: typer.Context,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HEAD", help="What somebody wrote down: COUNT:HASH or SPACE:COUNT:HASH."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify the audit log: its hash chains, signed checkpoints, and a head that you wrote down. Exit code 1 if anything was changed."""
    with client(ctx) as spaces:
        found = spaces.moderation.verify_audit(head)
    if as_json:
        emit_json(found)
    elif found.problem is None:
        say(f"every entry fits, of {found.entries}, {_checkpoints(found)}")
        if head is not None:
            say(f"{head} is a head of this log: nothing before it was changed since")
        say(f"head {found.head}: keep it, and ask again with --head")
    else:
        say(_PROBLEMS[found.problem].format(bad=found.first_bad, chain=found.chain, count=found.count))
    if found.problem is not None:
        raise typer.Exit(1)


_PROBLEMS = {
    "unreadable": "an entry cannot even be read: the log was changed",
    "entry": "entry {bad} (chain {chain}) does not match the one before it: the log was changed",
    "tail": "entries are missing at the end of the chain {chain}: the log was changed",
    "checkpoint": "the chain {chain} had other entries at its checkpoint after {count}: it was cut, rewritten, or restored from a backup",
    "head": "that head, after {count} entries, is not one of this log: it was cut, rewritten, or restored from a backup",
    "file": "line {count} of the file of checkpoints is not signed by its key: the file was changed",
}


def _checkpoints(found: AuditCheck) -> str:
    if found.checkpoints is None:
        return "but there are no checkpoints: their folder cannot be read"
    return f"and every checkpoint, of {found.checkpoints}" if found.checkpoints else "and there is no checkpoint yet"
