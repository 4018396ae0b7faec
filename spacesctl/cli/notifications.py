"""`notifications add|list|test|remove`: have your direct messages sent on to some other service."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated, Any
from urllib.parse import quote

import typer

from spacesctl.cli.common import Json, Yes, client, confirm
from spacesctl.cli.output import clean, emit_json, note, say, table
from spacesctl.domain.errors import Invalid, Refused

notifications = typer.Typer(help="Have your messages sent on to another service.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(metavar="ID", help="As `notifications list` shows it.")]
MOST = 2_000


@notifications.command("add")
def add(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Argument(
            metavar="[URL]", help="An address of apprise's, as tgram://TOKEN/CHAT; `-`: asked for, or read from stdin."
        ),
    ] = "-",
    as_json: Json = False,
) -> None:
    """Send your direct messages, invitations and reminders there too. The server keeps the address sealed.

    Others on this machine can read a command line, and an address holds a secret: leave it out, and it is asked for.
    """
    with client(ctx) as spaces:
        made = spaces.post(
            "/v1/notifications", {"url": _address() if url == "-" else url}, idempotency_key=str(uuid.uuid4())
        )
    if as_json:
        emit_json(made)
    else:
        say(f"{made['id']}: messages to you also go to {clean(made['address'])}")
        if url != "-":
            note("the address stood in the command line: your shell's history has it too")


def _address() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Address", hide_input=True, err=True)).strip()
    line = sys.stdin.readline(MOST).strip()
    if not line:
        raise Invalid("URL", "stdin has none")
    return line


@notifications.command("list")
def list_notifications(ctx: typer.Context, as_json: Json = False) -> None:
    """List where your messages also go; of each address only the service."""
    with client(ctx) as spaces:
        rows: list[dict[str, Any]] = spaces.get("/v1/notifications")["data"]
    if as_json:
        emit_json(rows)
        return
    columns = {
        "ID": "id",
        "ADDRESS": "address",
        "SENT": "sent",
        "SKIPPED": "skipped",
        "FAILURES": "failures",
        "RETRY": "retry_at",
    }
    table(rows, columns, empty="your messages go nowhere else")


@notifications.command("test")
def send_test(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """Send a line there now."""
    with client(ctx) as spaces:
        done = spaces.post(f"/v1/notifications/{quote(ref, safe='')}/test")
    if as_json:
        emit_json(done)
    elif done["delivered"]:
        say("the service took it")
    if not done["delivered"]:
        raise Refused("not_delivered", "the service did not take it; look at the address, or try again later")


@notifications.command("remove")
def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Send nothing there any more."""
    confirm(ctx, f"Remove {ref}?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/notifications/{quote(ref, safe='')}")
    if as_json:
        emit_json({"id": ref, "removed": True})
    else:
        say(f"{ref} is removed")
