"""`account create|list|show`, `block`, `unblock`, `follow`, `unfollow`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import (
    Handle,
    Handles,
    Json,
    Limit,
    Session,
    Yes,
    client,
    each,
    handle,
    handles_of,
    new_key,
    whose,
)
from spacesctl.cli.output import clock, emit_json, say, table
from spacesctl.cli.people import how_undone, sanctions_in_force
from spacesctl.cli.tokens import show_secret
from spacesctl.domain.words import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacesctl.api.accounts import OverseenAccount
    from spacesctl.cli.answers import Blocking, Following
    from spacesctl.client.http import Client


def create(
    ctx: typer.Context,
    name_handle: Handle,
    name: Annotated[str | None, typer.Option(help="The name that people see.")] = None,
    kind: Annotated[Kind, typer.Option(help="Who uses it: a person, a brand or a bot.")] = Kind.PERSON,
    as_json: Json = False,
) -> None:
    """Create an account. Its token is shown once. (Operators only.)"""
    from spacesctl.api.accounts import NewAccount

    new = NewAccount(handle=handle(name_handle), name=name, kind=kind)
    with client(ctx) as spaces:
        made = spaces.accounts.create(new, idempotency_key=new_key())
    show_secret(made, as_json=as_json)


def list_accounts(ctx: typer.Context, limit: Limit = None, as_json: Json = False) -> None:
    """List accounts, by handle. (Operators only.)"""
    with client(ctx) as spaces:
        rows = list(islice(spaces.accounts.list(), limit))
    if as_json:
        emit_json(rows)
        return
    table(
        ("PERSON", "ID", "KIND", "SINCE", "STATE", "NAME"),
        [(one.handle, one.id, one.kind, one.created_at, _state(one), one.name) for one in rows],
        empty="no accounts",
        spare=("KIND", "SINCE"),
    )


def _state(one: OverseenAccount) -> str:
    if one.suspended_at is None:
        return ""
    return f"suspended until {clock(one.suspended_until)}" if one.suspended_until is not None else "suspended"


def show(
    ctx: typer.Context,
    name_handle: Annotated[str, typer.Argument(metavar="PERSON", help="A handle, such as @ann.")] = "me",
    as_json: Json = False,
) -> None:
    """Show an account; without a handle, your own."""
    from spacesctl.api.accounts import Me

    whom = whose(name_handle)
    with client(ctx) as spaces:
        found = spaces.accounts.me() if whom == "me" else spaces.accounts.get(whom)
    if as_json:
        from spacesctl.cli.answers import ShownAccount

        scopes = found.scopes if isinstance(found, Me) else None
        emit_json(
            ShownAccount(
                id=found.id,
                handle=found.handle,
                name=found.name,
                kind=found.kind,
                created_at=found.created_at,
                scopes=scopes,
            )
        )
    else:
        say(f"{found.handle}  {found.name}  ({found.kind}, id {found.id})")


def block(
    ctx: typer.Context,
    handles: Handles,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase", help="What they said and shared in your live Spaces goes from the audience's view, too."
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="Why, for you alone and for lists that you export.")
    ] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Block accounts: they leave Spaces that you host or co-host, you leave theirs, and they cannot be invited or message you."""
    from spacesctl.api.accounts import NewBlock
    from spacesctl.cli.answers import Blocking

    def act(spaces: Client, one: str) -> Blocking:
        spaces.accounts.block(one, NewBlock(erase=erase, reason=reason))
        return Blocking(handle=one, blocked=True)

    handles = handles_of(handles)
    confirm(ctx, f"Block {', '.join(handles)}?", yes=yes)
    _switch(ctx, handles, act, "blocked", undone=True, as_json=as_json)


def unblock(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Unblock accounts."""
    from spacesctl.cli.answers import Blocking

    def act(spaces: Client, one: str) -> Blocking:
        spaces.accounts.unblock(one)
        return Blocking(handle=one, blocked=False)

    _switch(ctx, handles, act, "no longer blocked", as_json=as_json)


def follow(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Follow accounts. In Spaces with the policy `following`, the accounts that the host follows may speak."""
    from spacesctl.cli.answers import Following

    def act(spaces: Client, one: str) -> Following:
        spaces.accounts.follow(one)
        return Following(handle=one, following=True)

    _switch(ctx, handles, act, "followed", as_json=as_json)


def unfollow(ctx: typer.Context, handles: Handles, as_json: Json = False) -> None:
    """Stop following accounts."""
    from spacesctl.cli.answers import Following

    def act(spaces: Client, one: str) -> Following:
        spaces.accounts.unfollow(one)
        return Following(handle=one, following=False)

    _switch(ctx, handles, act, "no longer followed", as_json=as_json)


def _switch(
    ctx: typer.Context,
    handles: list[str],
    act: Callable[[Client, str], Blocking | Following],
    said: str,
    *,
    undone: bool = False,
    as_json: bool,
) -> None:
    with client(ctx) as spaces:
        rows, refused = each(handles_of(handles), lambda one: act(spaces, one))
        ids = {}
        if undone and rows and not as_json and not ctx.ensure_object(Session).dry_run:
            ids = sanctions_in_force(spaces.accounts.block_sanctions, "block")
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row.handle} is {said}{how_undone(ids.get(row.handle))}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)
