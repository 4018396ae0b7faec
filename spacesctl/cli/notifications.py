"""`notifications add|list|test|remove`: forward your direct messages to another service."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated, Any
from urllib.parse import quote

import typer

from spacesctl.cli.common import Json, Yes, client, confirm
from spacesctl.cli.output import clean, emit_json, note, say, table
from spacesctl.domain.errors import Invalid, Refused

notifications = typer.Typer(help="Forward your messages to another service.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(metavar="ID", help="The address's id, as `notifications list` shows it.")]
MOST = 2_000
"""Characters of an address that are read from stdin at most."""


@notifications.command("add")
def add(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Argument(
            metavar="[URL]",
            help="An apprise address, such as tgram://TOKEN/CHAT. `-` asks for it, or reads it from stdin.",
        ),
    ] = "-",
    as_json: Json = False,
) -> None:
    """Also send your direct messages, invitations and reminders to this address. The server stores it encrypted.

    An address contains a secret, and other users of this machine can read command lines: leave it out to be asked for it.
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
            note("the address was in the command line, so it is in your shell's history too")


def _address() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Address", hide_input=True, err=True)).strip()
    try:
        line = sys.stdin.readline(MOST).strip()
    except UnicodeDecodeError as error:
        raise Invalid("URL", "stdin is not UTF-8 text") from error
    if not line:
        raise Invalid("URL", "there is no address on stdin")
    return line


@notifications.command("list")
def list_notifications(ctx: typer.Context, as_json: Json = False) -> None:
    """List the addresses that your messages are forwarded to; only the service of each is shown."""
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
    table(rows, columns, empty="your messages are not forwarded")


@notifications.command("test")
def send_test(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """Send a test message to an address now."""
    with client(ctx) as spaces:
        done = spaces.post(f"/v1/notifications/{quote(ref, safe='')}/test")
    if as_json:
        emit_json(done)
    elif done["delivered"]:
        say("the service accepted it")
    if not done["delivered"]:
        raise Refused("not_delivered", "the service did not accept it; check the address, or try again later")


@notifications.command("remove")
def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Remove an address; nothing more is sent to it."""
    confirm(ctx, f"Remove {ref}?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/notifications/{quote(ref, safe='')}")
    if as_json:
        emit_json({"id": ref, "removed": True})
    else:
        say(f"{ref} is removed")
