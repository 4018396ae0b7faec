"""`coop show|test`: how it stands with Coop, where reports and appeals are reviewed elsewhere."""

from __future__ import annotations

import typer

from spacesctl.cli.common import Json, client
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.domain.errors import Refused


def send_test(ctx: typer.Context, as_json: Json = False) -> None:
    """Send Coop a report that is marked as a test, and say what came back. (Operators only.)"""
    with client(ctx) as spaces:
        done = spaces.server.try_coop()
    if as_json:
        emit_json(done)
    elif done.delivered:
        say(f"delivered: it answered {done.status}; it has item {done.id}, which nobody needs to review")
    if not done.delivered:
        raise Refused("not_delivered", f"not delivered: {done.problem or ''}")


def show(ctx: typer.Context, as_json: Json = False) -> None:
    """Show what waits for Coop, what it refused and what it decided. (Operators only.)"""
    with client(ctx) as spaces:
        found = spaces.server.coop()
    if as_json:
        emit_json(found)
        return
    say(f"{found.url} gets reports by people{' and rules' if found.rules else ''}, and appeals")
    say(f"{found.waiting} wait, {found.delivered} delivered, {found.failed} failed, {found.dropped} dropped")
    say(f"{found.decided} decided, {found.late} came late, {found.refused} were not signed by it")
    if found.failing_since is not None:
        note(f"it fails since {clock(found.failing_since)}")
    if found.failures:
        table(
            ("AT", "KIND", "ID", "STATUS", "PROBLEM"),
            [(clock(one.at), one.kind, one.id, one.status, one.problem) for one in found.failures],
            empty="",
            spare=("STATUS",),
        )
