"""`account token|tokens|revoke`: tokens are made, listed and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Handle, Json, Yes, client, span_seconds, whose
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import Scope

if TYPE_CHECKING:
    from spacesctl.api.accounts import MadeAccount, MadeToken, RevokedTokens
    from spacesctl.api.wire import Time
    from spacesctl.client.http import Client

Whose = Annotated[str, typer.Argument(metavar="PERSON", help="Default: your own account.")]
MOST_DAYS = 36_500


def token(
    ctx: typer.Context,
    name_handle: Handle,
    label: Annotated[str, typer.Option(help="What the token is for; `account revoke` takes it.")] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires", metavar="DURATION", help="After which time it ends, such as 30d or 12h. Default: never."
        ),
    ] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may be used for. Default: what yours may.")] = None,
    as_json: Json = False,
) -> None:
    """Create another token, for your own account or (operators) for any account. The account is told."""
    from spacesctl.api.accounts import NewToken

    new = NewToken(label=label, scopes=scope, expires_at=_end_of(expires) if expires is not None else None)
    with client(ctx) as spaces:
        made = spaces.accounts.create_token(whose(name_handle), new)
    show_secret(made, as_json=as_json)


def _end_of(text: str) -> Time:
    from spacesctl.api.wire import Time

    seconds = span_seconds(f"+{text}")
    if seconds is None or not 0 < seconds <= MOST_DAYS * 86_400:
        raise Invalid("--expires", f"{text!r} is not a time to come", hint="such as 30d, 12h or 1d12h")
    return Time.of(datetime.now(UTC) + timedelta(seconds=seconds))


def show_secret(made: MadeAccount | MadeToken, *, as_json: bool) -> None:
    """Print the answer that has a new token."""
    from spacesctl.api.accounts import MadeToken

    if as_json:
        emit_json(made)
        return
    named = f"{made.handle} ({made.kind}, id {made.id})"
    if isinstance(made, MadeToken):
        until = f"it ends {clock(made.expires_at)}" if made.expires_at is not None else "it does not end"
        named = f"{named}; token {made.token_id}, {until}"
    note(f"{named}; this token is shown once:")
    say(made.token or "")


def tokens(ctx: typer.Context, name_handle: Whose = "me", as_json: Json = False) -> None:
    """List tokens and sessions: what each is for, when it was made and last used, and from where.

    The tokens themselves are kept by nobody.
    """
    with client(ctx) as spaces:
        found = list(spaces.accounts.tokens(whose(name_handle)))
    if as_json:
        emit_json(found)
        return
    rows = [
        [
            one.id,
            one.kind,
            one.label,
            ", ".join(one.scopes),
            one.created_at,
            one.expires_at,
            one.used_at,
            one.used_from,
            one.current,
        ]
        for one in found
    ]
    headings = ("ID", "KIND", "LABEL", "SCOPES", "MADE", "EXPIRES", "LAST USED", "FROM", "IN USE")
    table(headings, rows, empty="no tokens", spare=("FROM", "MADE", "SCOPES", "KIND"))


def revoke(
    ctx: typer.Context,
    name_handle: Handle,
    token_id: Annotated[str | None, typer.Argument(metavar="ID", help="The id that `account tokens` shows.")] = None,
    label: Annotated[
        str | None,
        typer.Option(help="All with this label; an account's first token has the label `first`."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All tokens of the account, also the one you use.")] = False,
    others: Annotated[bool, typer.Option("--others", help="All but the one you use.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Revoke tokens of your own account or (operators) of any account. They stop working, and what they opened ends, at once."""
    given = [name for name, one in (("ID", token_id), ("--label", label)) if one is not None]
    given += [name for name, one in (("--all", everything), ("--others", others)) if one]
    if len(given) != 1:
        raise Invalid("ID", "say which tokens: an ID, --label, --all or --others", hint="`account tokens` lists them")
    what = {"ID": f"token {token_id}", "--label": f"tokens labelled {label!r}", "--all": "tokens"}.get(
        given[0], "other tokens"
    )
    confirm(ctx, f"Revoke the {what} of {name_handle}?", yes=yes)
    with client(ctx) as spaces:
        done = _revoke(spaces, whose(name_handle), token_id, label, others=others)
    if as_json:
        emit_json(done)
    else:
        say(f"{done.revoked} {'token' if done.revoked == 1 else 'tokens'} revoked")


def _revoke(spaces: Client, who: str, token_id: str | None, label: str | None, *, others: bool) -> RevokedTokens:
    if token_id is not None:
        return spaces.accounts.revoke_token(who, token_id)
    if label is not None:
        return spaces.accounts.revoke_tokens(who, label)
    return spaces.accounts.revoke_all_tokens(who, but_this=others)
