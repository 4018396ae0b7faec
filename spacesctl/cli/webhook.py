"""`webhook add|list|test|remove|deliveries`: signed HTTP requests that tell your programs what happens in your Spaces."""

from __future__ import annotations

import uuid
from typing import Annotated, Any
from urllib.parse import quote

import typer

from spacesctl.cli.common import Json, Yes, client, confirm
from spacesctl.cli.output import clean, emit_json, note, say, table
from spacesctl.domain.errors import Refused
from spacesctl.domain.webhook_types import TYPES

webhook = typer.Typer(help="Signed HTTP requests to your own programs.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, as `webhook list` shows it.")]


@webhook.command("add")
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="The https:// address that receives the messages.")],
    event: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(TYPES)}. Default: all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="For every Space, not only yours. (Operators only.)")] = False,
    as_json: Json = False,
) -> None:
    """Add a webhook for the Spaces that you host. Its signing secret (Standard Webhooks) is shown once."""
    with client(ctx) as spaces:
        made = spaces.post(
            "/v1/webhooks", {"url": url, "events": event or [], "all": every}, idempotency_key=str(uuid.uuid4())
        )
    if as_json:
        emit_json(made)
        return
    note(f"webhook {made['id']} gets {', '.join(made['events'])}; this signing secret is shown once:")
    say(made["secret"])


@webhook.command("list")
def list_webhooks(ctx: typer.Context, as_json: Json = False) -> None:
    """List your webhooks and their state."""
    with client(ctx) as spaces:
        rows = spaces.get("/v1/webhooks")["data"]
    if as_json:
        emit_json(rows)
        return
    columns = {
        "ID": "id",
        "URL": "url",
        "EVENTS": "events",
        "STATE": "state",
        "WAITING": "waiting",
        "DROPPED": "dropped",
    }
    table(rows, columns, empty="no webhooks")
    for row in rows:
        if row["reason"]:
            note(f"{row['id']} is off: {clean(row['reason'])}")


@webhook.command("test")
def send_test(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """Send a `ping` now and show the result. A webhook that was switched off is switched on again when it answers."""
    with client(ctx) as spaces:
        done = spaces.post(f"/v1/webhooks/{quote(ref, safe='')}/test")
    if as_json:
        emit_json(done)
    elif done["delivered"]:
        say(f"delivered: it answered {done['status']}")
    if not done["delivered"]:
        raise Refused("not_delivered", f"not delivered: {clean(done['problem'])}")


@webhook.command("remove")
def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Remove a webhook; messages that wait for it are dropped."""
    confirm(ctx, f"Remove webhook {ref}?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/webhooks/{quote(ref, safe='')}")
    if as_json:
        emit_json({"id": ref, "removed": True})
    else:
        say(f"webhook {ref} is removed")


@webhook.command("deliveries")
def deliveries(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """List the messages sent to a webhook and their results, newest first."""
    with client(ctx) as spaces:
        rows: list[dict[str, Any]] = spaces.get(f"/v1/webhooks/{quote(ref, safe='')}/deliveries")["data"]
    if as_json:
        emit_json(rows)
        return
    columns = {
        "AT": "at",
        "TYPE": "type",
        "STATE": "state",
        "TRIES": "attempts",
        "STATUS": "status",
        "PROBLEM": "problem",
    }
    table(rows, {**columns, "NEXT": "next_at"}, empty="nothing was sent yet")
