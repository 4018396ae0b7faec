"""`account create|token|revoke|show`, `block`, `unblock`, `follow`, `unfollow`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from spacesctl.cli.common import Handle, Handles, Json, Yes, client, confirm, each, handle, handles_of
from spacesctl.cli.output import clean, emit_json, note, say
from spacesctl.domain.words import Kind

account = typer.Typer(help="Accounts and their tokens.", no_args_is_help=True)


@account.command("create")
def create(
    ctx: typer.Context,
    name_handle: Handle,
    name: Annotated[str | None, typer.Option(help="The name that people see.")] = None,
    kind: Annotated[Kind, typer.Option(help="Who uses it: a person, a brand or a bot.")] = Kind.PERSON,
    as_json: Json = False,
) -> None:
    """Create an account. Its token is shown once. (Operators only.)"""
    with client(ctx) as spaces:
        made = spaces.post("/v1/accounts", {"handle": handle(name_handle), "name": name, "kind": kind.value})
    _show_token(made, as_json=as_json)


@account.command("token")
def token(
    ctx: typer.Context,
    name_handle: Handle,
    label: Annotated[str, typer.Option(help="What the token is for; `account revoke` takes it.")] = "",
    as_json: Json = False,
) -> None:
    """Create another token, for your own account or (operators) for any account."""
    with client(ctx) as spaces:
        made = spaces.post(f"/v1/accounts/{handle(name_handle)}/tokens", {"label": label})
    _show_token(made, as_json=as_json)


@account.command("revoke")
def revoke(
    ctx: typer.Context,
    name_handle: Handle,
    label: Annotated[
        str,
        typer.Option(
            help="The label that the tokens were created with; an account's first token has the label `first`."
        ),
    ] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Revoke all tokens with a label, of your own account or (operators) of any account. They stop working at once."""
    confirm(ctx, f"Revoke the tokens of {name_handle} labelled {label!r}?", yes=yes)
    with client(ctx) as spaces:
        done = spaces.delete(f"/v1/accounts/{handle(name_handle)}/tokens?{urlencode({'label': label})}")
    if as_json:
        emit_json(done)
    else:
        say(f"{done['revoked']} token(s) revoked")


@account.command("show")
def show(
    ctx: typer.Context, name_handle: Annotated[str, typer.Argument(metavar="[@HANDLE]")] = "me", as_json: Json = False
) -> None:
    """Show an account; without a handle, your own."""
    with client(ctx) as spaces:
        found = spaces.get("/v1/accounts/me" if name_handle == "me" else f"/v1/accounts/{handle(name_handle)}")
    if as_json:
        emit_json(found)
    else:
        say(f"{found['handle']}  {clean(found['name'])}  ({found['kind']}, id {found['id']})")


def _show_token(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(made)
        return
    note(f"{made['handle']} ({made['kind']}, id {made['id']}); this token is shown once:")
    say(made["token"])


def block(ctx: typer.Context, handles: Handles, yes: Yes = False, as_json: Json = False) -> None:
    """Block accounts: they are removed from your live Spaces, cannot join or be invited to them, and cannot message you."""
    handles = handles_of(handles)
    confirm(ctx, f"Block {', '.join(handles)}?", yes=yes)
    _switch(ctx, handles, "blocks", ("blocked", True), "blocked", as_json=as_json)


def unblock(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Unblock accounts."""
    _switch(ctx, handles, "blocks", ("blocked", False), "no longer blocked", as_json=as_json)


def follow(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Follow accounts. In Spaces with the policy `following`, the accounts that the host follows may speak."""
    _switch(ctx, handles, "following", ("following", True), "followed", as_json=as_json)


def unfollow(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Stop following accounts."""
    _switch(ctx, handles, "following", ("following", False), "no longer followed", as_json=as_json)


def _switch(
    ctx: typer.Context, handles: list[str], what: str, fact: tuple[str, bool], said: str, *, as_json: bool
) -> None:
    key, on = fact
    with client(ctx) as spaces:

        def switch(one: str) -> dict[str, Any]:
            place = f"/v1/accounts/me/{what}/{one}"
            _ = spaces.put(place) if on else spaces.delete(place)
            return {"handle": one, key: on}

        whom = handles_of(handles)
        rows, refused = each(whom, switch)
    if as_json:
        emit_json(rows[0] if len(rows) == len(whom) == 1 else rows)
    else:
        for row in rows:
            say(f"{row['handle']} is {said}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)
