"""Tokens, and sessions, which are listed and revoked with them: made, listed, revoked, expired. Each of these is in the
audit log, and the account is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.projections.phrases import in_words
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.ids import new_token
from spacesctl.domain.principals import Person, Principal, System
from spacesctl.domain.words import CredentialKind, Scope
from spacesctl.store import accounts, audit, direct_messages, links, tokens
from spacesctl.store.tokens import KeptToken, NewToken

USE = frozenset({Scope.USE})
_EXPIRED = System("expired")


@dataclass(frozen=True)
class Which:
    """The tokens to revoke: the one with an id, those with a label, or all; `but_this` spares the one in use. One of the first three."""

    id: str | None = None
    label: str | None = None
    all: bool = False
    but_this: bool = False

    def picked(self, found: Collection[KeptToken], person: Person) -> list[KeptToken]:
        """Those among the tokens of an account. Raises Invalid when not exactly one way to pick is given."""
        if [self.id is not None, self.label is not None, self.all].count(True) != 1:
            raise Invalid("label, all", "give one of them")
        this = person.credential.id if person.credential is not None and self.but_this else None
        return [
            one
            for one in found
            if one.id != this
            and (self.all or one.id == self.id or (self.label is not None and one.label == self.label))
        ]


async def create_token(
    app: App,
    person: Person,
    ref: str,
    label: str,
    scopes: frozenset[Scope] | None,
    expires_at: datetime | None,
    may_have: Callable[[int], None],
) -> tuple[Account, NewToken]:
    """Create a token for the person's own account, or as an admin for any. `scopes` None: all that the person may give. `may_have` is
    called with the number of tokens and raises TooMany. Raises NotFound, NotAllowed, or Invalid for a time that is over.
    """
    now = app.clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at", "is in the past")
    async with app.begin(person) as db:
        target = await whose(db, person, ref)
        if target.id == app.bot.id:
            raise NotAllowed(
                "nobody makes tokens for the bundled bot: the server gives it one at each start", reason="scope"
            )
        most = person.scopes if target.id == person.account_id else USE
        given = most if scopes is None else scopes
        if not given <= most:
            raise NotAllowed("a token can have no more scopes than you may give", reason="scope")
        may_have(await tokens.count(db, target.id))
        made = NewToken(new_token(), given, label, expires_at)
        await add_token(db, person, target.id, made, now)
        by = f"@{person.handle} made" if person.account_id != target.id else "You made"
        text = f"{by} a token for this account: {_named(made.label, made.id)}, {_until(made.expires_at)}. "
        await tell(app, db, target.id, text + unknown(made.id), now)
    app.tokens.see(expires_at)
    return target, made


async def add_token(
    db: AsyncConnection, by: Principal, account_id: str, made: NewToken, now: datetime, action: str = "token.create"
) -> None:
    """Store a token or a session, with its entry in the audit log."""
    await tokens.add(db, account_id, made, now)
    expires = rfc3339(made.expires_at) if made.expires_at is not None else None
    facts: audit.Facts = {"token": made.id, "label": made.label, "scopes": sorted(made.scopes), "expires_at": expires}
    await audit.append(db, audit.Entry(action, by, None, account_id, facts), now)


async def list_tokens(app: App, person: Person, ref: str) -> tuple[Account, list[KeptToken]]:
    """The tokens of the person's own account, or as an admin of any. Raises NotFound or NotAllowed."""
    async with app.db.read() as db:
        target = await whose(db, person, ref)
        found = await tokens.of_account(db, target.id)
    uses = app.tokens.uses
    return target, [
        replace(one, used_at=uses[one.id][0], used_from=uses[one.id][1]) if one.id in uses else one for one in found
    ]


async def revoke_tokens(app: App, person: Person, ref: str, which: Which) -> tuple[Account, int]:
    """Revoke tokens of the person's own account, or as an admin of any but the bundled bot's. Returns the account and how many there were.
    What they opened (event streams, sound, lanes) ends, and what was asked with them and is not written yet is refused. Raises NotFound,
    also when there is none of these, NotAllowed, Refused or Invalid. With all of them go the links that wait.
    """
    now = app.clock.now()
    async with ending(app) as end, app.begin(person) as db:
        target = await whose(db, person, ref)
        if target.id == app.bot.id:
            raise NotAllowed(
                "nobody revokes the token of the bundled bot: it gets another at each start", reason="scope"
            )
        picked = which.picked(await tokens.of_account(db, target.id), person)
        if not picked and not which.all:
            raise NotFound("token", which.id or f"labelled {which.label!r}")
        picked = await _revocable(db, person, which, picked, now)
        if which.all:
            await links.drop(db, target.id)
        end(picked)
        by = f"@{person.handle}" if person.account_id != target.id else "you"
        await end_tokens(app, db, person, picked, "token.revoke", f"was revoked by {by}", now)
    return target, len(picked)


async def _revocable(
    db: AsyncConnection, person: Person, which: Which, picked: list[KeptToken], now: datetime
) -> list[KeptToken]:
    """Those that the person may revoke: what can do more than the token in use stays, or else a browser that somebody took would take the
    server from its operator. Raises NotAllowed for one that is named, and Refused with reason `last_admin`."""
    may = [one for one in picked if person.is_admin or one.scopes <= person.scopes]
    if len(may) < len(picked) and not which.all:
        raise NotAllowed("a token that can do more than yours is revoked with such a one", reason="scope")
    gone = {one.id for one in may}
    if any(Scope.ADMIN in one.scopes for one in may) and not await tokens.admin_tokens(db, now) - gone:
        raise Refused("last_admin", "it is the last token with the admin scope", hint="make another one before")
    return may


End = Callable[[Collection[KeptToken]], None]
"""Called in a transaction with the tokens and sessions that it deletes."""


@asynccontextmanager
async def ending(app: App) -> AsyncIterator[End]:
    """Around a transaction that ends tokens or sessions: what they opened ends once it is committed; if it fails, nothing has ended."""
    ended: set[str] = set()

    def end(over: Collection[KeptToken]) -> None:
        ended.update(one.id for one in over)
        app.registry.revocations.add(one.id for one in over)  # before it is committed: the next writer must know of it

    try:
        yield end
    except BaseException:
        app.registry.revocations.forget(ended)
        raise
    if ended:
        app.registry.revoke(frozenset(ended))


async def expire_tokens(app: App) -> None:
    """End what was opened with tokens whose time is over, and delete them. To be called again when that fails."""
    now = app.clock.now()
    async with app.db.read() as db:
        app.registry.revoke(frozenset(one.id for one in await tokens.expired(db, now)))
    async with app.db.begin() as db:
        await end_tokens(app, db, _EXPIRED, await tokens.expired(db, now), "token.expire", "has expired", now)
        following = await tokens.next_expiry(db)
    app.tokens.next_expiry = following


async def end_tokens(
    app: App, db: AsyncConnection, by: Principal, over: Collection[KeptToken], action: str, what: str, now: datetime
) -> None:
    """Delete tokens and sessions, with their entries in the audit log, and tell their accounts. `what` happened to them."""
    for one in over:
        await tokens.drop(db, one.account_id, [one.id])
        facts: audit.Facts = {"token": one.id, "label": one.label}
        await audit.append(db, audit.Entry(action, by, None, one.account_id, facts), now)
    told = [
        one for one in over if by is not _EXPIRED or one.kind is not CredentialKind.SESSION
    ]  # that it is over is no news
    for account_id in dict.fromkeys(one.account_id for one in told):
        theirs = [one for one in told if one.account_id == account_id]
        mine = [_named(one.label, one.id) for one in theirs]
        kind = "session" if all(one.kind is CredentialKind.SESSION for one in theirs) else "token"
        more = f" and {len(mine) - MOST_NAMED} more" if len(mine) > MOST_NAMED else ""
        text = f"A {kind} of this account {what}: {', '.join(mine[:MOST_NAMED])}{more}."
        await tell(app, db, account_id, text, now)


MOST_NAMED = 5
"""Tokens that one message names."""


def unknown(token_id: str) -> str:
    """What to do about a token or a session that one knows nothing of."""
    return f"If you do not know of it, revoke it: spacesctl account revoke me {token_id}"


async def whose(db: AsyncConnection, person: Person, ref: str) -> Account:
    """The account whose tokens or sessions are meant; `me` is the person's own. Raises NotFound or NotAllowed."""
    target = await accounts.present(db, person.account_id or "" if ref == "me" else ref)
    if target.id != person.account_id and not person.is_admin:
        raise NotAllowed("tokens of others are for operators", reason="scope")
    return target


def _named(label: str, token_id: str) -> str:
    return f"“{label}” ({token_id})" if label else token_id


def _until(at: datetime | None) -> str:
    return "which does not expire" if at is None else f"valid until {in_words(at)}"


async def tell(app: App, db: AsyncConnection, account_id: str, text: str, now: datetime) -> None:
    """Send a notice to an account, from the bundled bot."""
    await direct_messages.send_dm(db, app.bot.id, account_id, text, now, kind="notice")
