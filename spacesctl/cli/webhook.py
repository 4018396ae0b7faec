"""`webhook add|list|test|remove|deliveries`: signed HTTP requests that tell your programs what happens in your Spaces."""

from __future__ import annotations

from typing import Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, Yes, client, new_key
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.webhook_types import TYPES

Ref = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id, as `webhook list` shows it.")]


def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="The https:// address that receives the messages.")],
    event: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(TYPES)}. Default: all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="For every Space, not only yours. (Operators only.)")] = False,
    as_json: Json = False,
) -> None:
    """Add a webhook for the Spaces that you host. Its signing secret (Standard Webhooks) is shown once."""
    from spacesctl.api.outside import NewWebhook

    types = [one for one in TYPES if one in (event or [])]
    for one in event or []:
        if one not in TYPES:
            raise Invalid("--event", f"{one!r} is not one of {', '.join(TYPES)}")
    with client(ctx) as spaces:
        made = spaces.webhooks.create(NewWebhook(url=url, events=types, all=every), idempotency_key=new_key())
    if as_json:
        emit_json(made)
        return
    note(f"webhook {made.id} gets {', '.join(made.events)}; this signing secret is shown once:")
    say(made.secret or "")


def list_webhooks(ctx: typer.Context, as_json: Json = False) -> None:
    """List your webhooks and their state."""
    with client(ctx) as spaces:
        rows = list(spaces.webhooks.list())
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "URL", "EVENTS", "STATE", "WAITING", "DROPPED"),
        [(one.id, one.url, one.events, one.state, one.waiting, one.dropped) for one in rows],
        empty="no webhooks",
        spare=("DROPPED", "WAITING"),
    )
    for row in rows:
        if row.reason:
            note(f"{row.id} is off: {row.reason}")


def renew(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Replace a webhook's signing secret, and show the new one once. For a day messages have the signatures of both."""
    confirm(ctx, f"Replace the secret of webhook {ref}?", yes=yes)
    with client(ctx) as spaces:
        made = spaces.webhooks.renew(ref)
    if as_json:
        emit_json(made)
        return
    note(f"messages are signed with the earlier secret, too, until {clock(made.both_until)}; this one is shown once:")
    say(made.secret)


def send_test(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """Send a `ping` now and show the result. A webhook that was switched off is switched on again when it answers."""
    with client(ctx) as spaces:
        done = spaces.webhooks.test(ref)
    if as_json:
        emit_json(done)
    elif done.delivered:
        say(f"delivered: it answered {done.status}")
    if not done.delivered:
        raise Refused("not_delivered", f"not delivered: {done.problem or ''}")


def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Remove a webhook; messages that wait for it are dropped."""
    confirm(ctx, f"Remove webhook {ref}?", yes=yes)
    with client(ctx) as spaces:
        spaces.webhooks.delete(ref)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=ref))
    else:
        say(f"webhook {ref} is removed")


def deliveries(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """List the messages sent to a webhook and their results, newest first."""
    with client(ctx) as spaces:
        rows = list(spaces.webhooks.deliveries(ref))
    if as_json:
        emit_json(rows)
        return
    table(
        ("AT", "TYPE", "STATE", "TRIES", "STATUS", "PROBLEM", "NEXT"),
        [(one.created_at, one.type, one.state, one.attempts, one.status, one.problem, one.next_at) for one in rows],
        empty="nothing was sent yet",
        spare=("NEXT", "STATUS"),
    )
