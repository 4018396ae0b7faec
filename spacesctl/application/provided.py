"""Who was signed in by a provider of OpenID Connect: the account that is theirs, or a new one where `sign_up` lets them make one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.accounts import add_account, new_account
from spacesctl.application.app import App
from spacesctl.application.sessions import Browser, Opened, add_session
from spacesctl.application.tokens import ending, tell
from spacesctl.domain.accounts import RESERVED, Account
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Kind, SignUp
from spacesctl.store import accounts, audit, identities, links
from spacesctl.store.identities import Identity

MOST_HANDLE = 15
TRIES = 5
"""Handles that are tried, when the one that the provider says is taken."""


@dataclass(frozen=True)
class Provided:
    """What a provider says. `handle` and `name` are what it calls them, and mean nothing but for a new account."""

    identity: Identity
    handle: str = ""
    name: str = ""


async def sign_in(app: App, who: Provided, invitation: str | None, browser: Browser) -> Opened:
    """Sign in. Raises NotAllowed with reason `sign_up` where there is no account and none may be made, or `suspended`."""
    async with ending(app) as end, app.db.begin() as db:
        account_id = await identities.account_of(db, who.identity)
        if account_id is not None:
            account = await accounts.present(db, account_id)
        else:
            await _require_open(app, db, invitation)
            account = await _new_account(app, db, who)
        return Opened(
            account, await add_session(app, db, end, account, "provider", browser, told=account_id is not None)
        )


async def link(app: App, person: Person, who: Provided) -> Account:
    """From now on the provider signs in the person's account. The account is told. Raises Refused with reason `linked`."""
    me, now = person.account_id or "", app.clock.now()
    async with app.begin(person) as db:
        account_id = await identities.account_of(db, who.identity)
        if account_id not in (None, me):
            raise Refused("linked", "the provider signs in another account already")
        account = await accounts.present(db, me)
        if account_id is None:
            await identities.add(db, who.identity, me, now)
            await audit.append(db, audit.Entry("identity.add", person, None, me), now)
            text = "A provider signs in to this account from now on. If it was not you, remove it on the page of your account."
            await tell(app, db, me, text, now)
    return account


async def unlink(app: App, person: Person) -> None:
    """No provider signs in the person's account any more. The account is told. Raises NotFound."""
    me, now = person.account_id or "", app.clock.now()
    async with app.begin(person) as db:
        if not await identities.drop(db, me):
            raise NotFound("identity", f"of @{person.handle}")
        await audit.append(db, audit.Entry("identity.remove", person, None, me), now)
        await tell(app, db, me, "No provider signs in to this account any more.", now)


async def is_linked(app: App, person: Person) -> bool:
    """Whether a provider signs in the person's account."""
    async with app.db.read() as db:
        return bool(await identities.count(db, person.account_id or ""))


async def _require_open(app: App, db: AsyncConnection, invitation: str | None) -> None:
    problem = "the provider signed you in, and you have no account here; "
    if app.sign_up is SignUp.CLOSED:
        raise NotAllowed(f"{problem}nobody makes one but the operator", reason="sign_up")
    if app.sign_up is SignUp.INVITATION:
        used = await links.take(db, invitation or "", app.clock.now())
        if used is None or used.account_id is not None:
            raise NotAllowed(f"{problem}accounts are made by invitation", reason="sign_up")


async def _new_account(app: App, db: AsyncConnection, who: Provided) -> Account:
    wanted = re.sub(r"[^a-z0-9_]", "", who.handle.lower())[:MOST_HANDLE] or "guest"
    name = " ".join(who.name.split())[:50] or None
    handle = wanted
    for _ in range(TRIES):
        if handle not in RESERVED and not await _is_taken(db, handle):
            break
        handle = f"{wanted[: MOST_HANDLE - 5]}{secrets.randbelow(100_000):05}"
    made = new_account(app, handle, name, Kind.PERSON)
    await add_account(app, db, Person(made.id, made.handle), made)
    await identities.add(db, who.identity, made.id, made.created_at)
    return made


async def _is_taken(db: AsyncConnection, handle: str) -> bool:
    try:
        await accounts.get(db, handle)
    except NotFound:
        return False
    return True
