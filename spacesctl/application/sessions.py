"""Sessions of browsers: begun by who has shown who they are, ended by signing out, by a revocation, or when a way to sign in changes.

A session is a credential as a token is: listed and revoked with them, and what it opened ends with it. It has the scope `use` alone:
what needs more is done with a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.tokens import USE, End, add_token, end_tokens, ending, tell, unknown
from spacesctl.domain.accounts import Account, Credential
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.ids import new_session_secret
from spacesctl.domain.principals import ANONYMOUS, Person, Principal
from spacesctl.domain.words import CredentialKind
from spacesctl.store import audit, tokens
from spacesctl.store.tokens import NewToken

LASTS: Final = timedelta(days=30)
MOST: Final = 50
"""Sessions of one account. Who begins another ends the oldest."""
MOST_LABEL: Final = 50


@dataclass(frozen=True)
class Opened:
    """A session that was begun. `space_id`: the Space that it was begun for, if any."""

    account: Account
    session: NewToken
    space_id: str | None = None


@dataclass(frozen=True)
class Browser:
    """Who asks for a session: what its browser calls itself, the address, and who it has a session of. That ends: nobody would find it
    again behind the new cookie."""

    name: str
    host: str
    former: Person = ANONYMOUS


async def add_session(
    app: App, db: AsyncConnection, end: End, account: Account, how: str, browser: Browser, *, told: bool = True
) -> NewToken:
    """Begin a session, in the transaction that has checked who it is. `how` is the way in: "password". Raises NotAllowed with reason
    `suspended`, or `scope` for the bundled bot."""
    now = app.clock.now()
    await _end_own(app, db, end, browser.former)
    tokens.require_free(account.suspension, now)
    if account.id == app.bot.id:
        raise NotAllowed("nobody signs in as the bundled bot", reason="scope")
    over = (await tokens.sessions(db, account.id))[MOST - 1 :]
    end(over)
    await end_tokens(app, db, _by(account), over, "session.end", "was ended, since there are too many", now)
    label = f"{browser.name}, by {how}"[:MOST_LABEL]
    made = NewToken(new_session_secret(), USE, label, now + LASTS, CredentialKind.SESSION)
    await add_token(db, _by(account), account.id, made, now, "session.begin")
    if told:
        text = f"Somebody signed in to this account by {how}, with {browser.name} at {browser.host}. {unknown(made.id)}"
        await tell(app, db, account.id, text, now)
    app.tokens.see(made.expires_at)
    return made


async def end_sessions(
    app: App, db: AsyncConnection, end: End, by: Principal, account: Account, why: str, *, but: Person | None = None
) -> int:
    """End the sessions of an account, but for the one that a person uses; how many there were."""
    spared = but.credential.id if but is not None and but.credential is not None else None
    over = [one for one in await tokens.sessions(db, account.id) if one.id != spared]
    end(over)
    await end_tokens(app, db, by, over, "session.end", why, app.clock.now())
    return len(over)


async def sign_out(app: App, person: Person) -> None:
    """End the session that a person uses, with what it opened. No effect for who uses none."""
    if _own(person) is None:
        return
    async with ending(app) as end, app.begin(person) as db:
        await _end_own(app, db, end, person)


async def _end_own(app: App, db: AsyncConnection, end: End, person: Person) -> None:
    used = _own(person)
    if used is None or person.account_id is None:
        return
    over = [one for one in await tokens.sessions(db, person.account_id) if one.id == used.id]
    end(over)
    await tokens.drop(db, person.account_id, [one.id for one in over])
    facts: audit.Facts = {"token": used.id}
    await audit.append(db, audit.Entry("session.end", person, None, person.account_id, facts), app.clock.now())


def _own(person: Person) -> Credential | None:
    """The session that a person uses, if it is one."""
    used = person.credential
    return used if used is not None and used.kind is CredentialKind.SESSION else None


def _by(account: Account) -> Person:
    return Person(account.id, account.handle, account.kind)
