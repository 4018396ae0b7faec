"""`privacy export|erase|hold|holds|release`: what the server keeps about a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Handle, Json, Session, Yes, client, whose
from spacesctl.cli.output import clock, emit_json, say, table


def export(
    ctx: typer.Context,
    name_handle: Annotated[
        str, typer.Argument(metavar="PERSON", help="Yourself (`me`) or, for operators, any handle.")
    ] = "me",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The archive. Default: HANDLE.zip.")] = None,
    as_json: Json = False,
) -> None:
    """Write all that the server keeps about you or (operators) anybody to a ZIP archive; its README.txt says what is in it."""
    whom = whose(name_handle)
    with client(ctx) as spaces:
        found = spaces.accounts.me() if whom == "me" else spaces.accounts.get(whom)
        path = out if out is not None else Path(f"{Path(found.handle.removeprefix('@')).name}.zip")
        digest = spaces.accounts.export(found.id, path)
    if as_json:
        from spacesctl.cli.answers import ExportedFile

        emit_json(ExportedFile(file=str(path), handle=found.handle, sha256=digest))
    else:
        say(f"{path}")


def erase(ctx: typer.Context, name_handle: Handle, yes: Yes = False, as_json: Json = False) -> None:
    """Delete an account as `account delete` does, and erase what was said and written with it; --dry-run says what stays."""
    whom, is_plan = whose(name_handle), ctx.ensure_object(Session).dry_run
    named = "your own account, and all that you said and wrote" if whom == "me" else name_handle
    confirm(ctx, f"Erase {named}? This cannot be undone, and nobody gets the handle again.", yes=yes, always=True)
    with client(ctx) as spaces:
        accounts = spaces.accounts
        found = accounts.plan_erasure(whom) if is_plan else accounts.erase(whom)
    if as_json:
        emit_json(found)
        return
    table(
        ("DATA", "ERASED", "KEPT", "WHY", "UNTIL"),
        [
            (one.what, one.erased, one.kept, one.why if one.kept else "", one.until if one.kept else "")
            for one in found.things
        ],
        empty="nothing",
    )
    say(f"{found.handle} would be erased" if is_plan else f"{found.handle} is erased")


def hold(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="PERSON|SPACE", help="A handle, or the id of a Space.")],
    reason: Annotated[str, typer.Option(metavar="WORDS", help="Why, for operators.")],
    tell: Annotated[bool, typer.Option("--tell", help="Tell the person; otherwise they are not told.")] = False,
    as_json: Json = False,
) -> None:
    """Hold what there is of a person or a Space for a legal reason: nothing of it is purged, erased or deleted by hand. (Operators
    only.)"""
    from spacesctl.api.privacy import NewHold

    with client(ctx) as spaces:
        made = spaces.accounts.hold(NewHold(subject=subject, reason=reason, tell=tell))
    if as_json:
        emit_json(made)
    else:
        say(f"{made.subject} is on hold ({made.id})")


def holds(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,
    as_json: Json = False,
) -> None:
    """List legal holds, newest first. (Operators only.)"""
    with client(ctx) as spaces:
        rows = list(spaces.accounts.holds(released=everything))
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "SUBJECT", "SINCE", "BY", "RELEASED", "REASON"),
        [
            (
                one.id,
                one.subject,
                one.since,
                one.by.handle,
                clock(one.released_at) if one.released_at else "",
                one.reason,
            )
            for one in rows
        ],
        empty="no holds",
    )


def release(
    ctx: typer.Context,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id, as `privacy holds` shows it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """End a legal hold: what is old goes again, and what a deleted account left behind at once. (Operators only.)"""
    confirm(ctx, f"Release hold {hold_id}? What is old is deleted then.", yes=yes)
    with client(ctx) as spaces:
        spaces.accounts.release(hold_id)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=hold_id))
    else:
        say("released")
