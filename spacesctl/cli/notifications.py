"""`notifications add|list|test|remove`: forward your direct messages to another service."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from spacesctl.cli.asking import can_ask, confirm, secret
from spacesctl.cli.common import Json, Yes, client, new_key
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.errors import Invalid, Refused

Ref = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address's id, as `notifications list` shows it.")]
MOST = 2_000
"""Characters of an address that are read from stdin at most."""


def add(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="An apprise address, such as tgram://TOKEN/CHAT. `-` asks for it, or reads it from stdin.",
        ),
    ] = "-",
    as_json: Json = False,
) -> None:
    """Also send your direct messages, invitations and reminders to this address. The server stores it encrypted.

    An address contains a secret, and other users of this machine can read command lines: leave it out to be asked for it.
    """
    from spacesctl.api.outside import NewOutlet

    with client(ctx) as spaces:
        new = NewOutlet(url=_address() if url == "-" else url)
        made = spaces.notifications.add(new, idempotency_key=new_key())
    if as_json:
        emit_json(made)
    else:
        say(f"{made.id}: messages to you also go to {made.address}")
        if url != "-":
            note("the address was in the command line, so it is in your shell's history too")


def _address() -> str:
    if can_ask():
        return secret("Address")
    if sys.stdin is None:
        raise Invalid("URL", "there is no stdin")
    try:
        line = sys.stdin.readline(MOST).strip()
    except UnicodeDecodeError as error:
        raise Invalid("URL", "stdin is not UTF-8 text") from error
    if not line:
        raise Invalid("URL", "there is no address on stdin")
    return line


def list_notifications(ctx: typer.Context, as_json: Json = False) -> None:
    """List the addresses that your messages are forwarded to; only the service of each is shown."""
    with client(ctx) as spaces:
        rows = list(spaces.notifications.list())
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "ADDRESS", "SENT", "SKIPPED", "FAILURES", "RETRY"),
        [(one.id, one.address, one.sent, one.skipped, one.failures, one.retry_at) for one in rows],
        empty="your messages are not forwarded",
    )


def send_test(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """Send a test message to an address now."""
    with client(ctx) as spaces:
        done = spaces.notifications.test(ref)
    if as_json:
        emit_json(done)
    elif done.delivered:
        say("the service accepted it")
    if not done.delivered:
        raise Refused("not_delivered", "the service did not accept it; check the address, or try again later")


def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Remove an address; nothing more is sent to it."""
    confirm(ctx, f"Remove {ref}?", yes=yes)
    with client(ctx) as spaces:
        spaces.notifications.remove(ref)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=ref))
    else:
        say(f"{ref} is removed")
