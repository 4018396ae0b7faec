"""Signing in and up with a password, setting one, and recovery by the operator.

An answer never says whether a handle exists: an unknown one takes as long, and reads as a wrong password does. Only who makes an account
learns that a handle is taken, which cannot be hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.accounts import add_account, new_account
from spacesctl.application.app import App
from spacesctl.application.passwords import require_good
from spacesctl.application.sessions import Browser, Opened, add_session, end_sessions
from spacesctl.application.tokens import ending, tell
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, Refused
from spacesctl.domain.ids import parse_handle
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Kind, SignUp
from spacesctl.store import accounts, audit, links, passwords

_WRONG = "the handle or the password is wrong"
_FORGOTTEN = "the operator of this server can let you in again"
_NO_INVITATION = "accounts are made by invitation here, and this one is unknown, was used or is over"


async def by_password(app: App, handle: str, password: str, browser: Browser) -> Opened:
    """Sign in. Raises NotSignedIn, NotAllowed with reason `suspended`, or Unavailable."""
    async with app.db.read() as db:
        account = await _found(app, db, handle)
        kept = await passwords.get(db, account.id) if account is not None else None
    if not await app.passwords.fits(password, kept) or account is None or kept is None:
        raise NotSignedIn(_WRONG, hint=_FORGOTTEN)
    better = await app.passwords.better(password, kept)
    async with ending(app) as end, app.db.begin() as db:
        account = await _found(app, db, handle)
        if account is None or await passwords.get(db, account.id) != kept:  # it was changed meanwhile
            raise NotSignedIn(_WRONG, hint=_FORGOTTEN)
        if better is not None:
            await passwords.renew(db, account.id, kept, better)
        return Opened(account, await add_session(app, db, end, account, "password", browser))


@dataclass(frozen=True)
class Wish:
    """An account that somebody wants to have. `invitation` is the code of a link."""

    handle: str
    name: str | None
    password: str
    invitation: str | None

    def __repr__(self) -> str:
        return "Wish(...)"  # it has secrets


async def sign_up(app: App, wish: Wish, browser: Browser) -> Opened:
    """Make an account and sign in. Raises NotAllowed with reason `sign_up`, Invalid, Conflict when the handle is taken, or Unavailable."""
    await _require_open(app, wish.invitation)
    made = new_account(app, wish.handle, wish.name, Kind.PERSON)
    require_good(made.handle, wish.password)
    hashed = await app.passwords.hashed(wish.password)
    async with ending(app) as end, app.db.begin() as db:
        if app.sign_up is SignUp.INVITATION:
            used = await links.take(db, wish.invitation or "", app.clock.now())
            if used is None or used.account_id is not None:
                raise NotAllowed(_NO_INVITATION, reason="sign_up")
        await add_account(app, db, Person(made.id, made.handle), made)
        await passwords.put(db, made.id, hashed, made.created_at)
        return Opened(made, await add_session(app, db, end, made, "password", browser, told=False))


async def _require_open(app: App, invitation: str | None) -> None:
    if app.sign_up is SignUp.CLOSED:
        raise NotAllowed("nobody makes an account here but the operator", reason="sign_up")
    if app.sign_up is SignUp.OPEN:
        return
    async with app.db.read() as db:
        if invitation is None or not await links.is_good(db, invitation, app.clock.now()):
            raise NotAllowed(_NO_INVITATION, reason="sign_up")


async def set_password(app: App, person: Person, current: str | None, new: str) -> int:
    """Set or change the person's own password; the other sessions end. Returns how many. Raises NotSignedIn when `current` is not the
    present one, Invalid or Unavailable."""
    require_good(person.handle, new)
    me = person.account_id or ""
    async with app.db.read() as db:
        kept = await passwords.get(db, me)
    if kept is not None and not await app.passwords.fits(current or "", kept):
        raise NotSignedIn("the present password is wrong", hint=_FORGOTTEN)
    hashed = await app.passwords.hashed(new)
    async with ending(app) as end, app.begin(person) as db:
        if await passwords.get(db, me) != kept:
            raise Refused("changed", "the password was changed meanwhile")
        account, now = await accounts.present(db, me), app.clock.now()
        await passwords.put(db, me, hashed, now)
        await links.drop(db, me)
        await audit.append(db, audit.Entry("password.set", person, None, me), now)
        text = "The password of this account was set, and its other sessions ended. If it was not you, ask the operator for help."
        await tell(app, db, me, text, now)
        return await end_sessions(app, db, end, person, account, "was ended, since the password was set", but=person)


async def _found(app: App, db: AsyncConnection, handle: str) -> Account | None:
    """The account with a handle (and not an id: guesses are counted by handle), if there is one that may sign in."""
    bare = parse_handle(handle)
    if bare is None:
        return None
    try:
        found = await accounts.present(db, bare)
    except NotFound:
        return None
    return None if found.id == app.bot.id else found
