"""`account suspend|restore|delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Handle, Json, Yes, client, span_seconds, whose
from spacesctl.cli.output import clock, emit_json, say
from spacesctl.domain.errors import Invalid


def suspend(
    ctx: typer.Context,
    name_handle: Handle,
    reason: Annotated[str, typer.Option(help="Why; the person is told.")] = "",
    how_long: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="Such as 7d or 12h. Default: until you restore it.")
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Suspend an account: its tokens stop working, and its live Spaces go to a co-host who is there, or end. (Operators only.)"""
    from spacesctl.api.accounts import NewSuspension

    new = NewSuspension(reason=reason, duration=_seconds(how_long) if how_long is not None else None)
    confirm(ctx, f"Suspend {name_handle}?", yes=yes)
    with client(ctx) as spaces:
        done = spaces.accounts.suspend(whose(name_handle), new)
    if as_json:
        emit_json(done)
        return
    until = f"until {clock(done.suspended_until)}" if done.suspended_until is not None else "until it is restored"
    say(f"{done.handle} is suspended {until}")


def _seconds(text: str) -> int:
    seconds = span_seconds(f"+{text}")
    if seconds is None or seconds <= 0:
        raise Invalid("--for", f"{text!r} is not a duration", hint="such as 7d, 12h or 1d12h")
    return seconds


def restore(ctx: typer.Context, name_handle: Handle, as_json: Json = False) -> None:
    """Restore a suspended account: its tokens work again. (Operators only.)"""
    with client(ctx) as spaces:
        done = spaces.accounts.restore(whose(name_handle))
    if as_json:
        emit_json(done)
    else:
        say(f"{done.handle} is restored")


def delete(ctx: typer.Context, name_handle: Handle, yes: Yes = False, as_json: Json = False) -> None:
    """Delete your own account (`me`) or (operators) any, for good, with its posts, recordings, tokens and planned Spaces."""
    from spacesctl.cli.answers import Deleted

    whom = whose(name_handle)
    named = "your own account" if whom == "me" else name_handle
    confirm(ctx, f"Delete {named}? This cannot be undone, and nobody gets the handle again.", yes=yes, always=True)
    with client(ctx) as spaces:
        found = spaces.accounts.me() if whom == "me" else spaces.accounts.get(whom)
        spaces.accounts.delete(found.id)
    if as_json:
        emit_json(Deleted(id=found.id))
    else:
        say(f"{found.handle} is deleted")
