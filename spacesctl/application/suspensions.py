"""Suspended accounts: they cannot act or sign in, what they opened ends, and everything else of theirs stays until they are restored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.leaving import leave, over_all_of, require_spared
from spacesctl.domain.accounts import Account, Suspension
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Refused
from spacesctl.domain.principals import Person, Principal, System
from spacesctl.store import accounts, audit, direct_messages, suspensions, tokens

_EXPIRED = System("expired")


async def suspend(app: App, person: Person, ref: str, reason: str, seconds: int | None) -> Account:
    """Suspend an account for a time, or (`seconds` None) until it is restored; of a suspended one, change that and the reason. For admins.

    Raises NotFound, or Refused with reason `is_you`, `is_bot` or `last_admin`.
    """
    async with app.db.read() as db:
        account_id = (await accounts.present(db, ref)).id
    if account_id == person.account_id:
        raise Refused("is_you", "you cannot suspend your own account")
    async with over_all_of(app, account_id) as tx:
        app.registry.revocations.require(person)
        target = await accounts.present(tx.db, account_id)
        await require_spared(app, tx.db, target, tx.now)
        until = tx.now + timedelta(seconds=seconds) if seconds is not None else None
        since = target.suspension.since if target.suspension is not None else tx.now
        held = Suspension(since, until, reason)
        await suspensions.put(tx.db, target.id, held)
        ended = await leave(app, tx, person, target, "suspended")
        facts: audit.Facts = {"reason": reason, "until": rfc3339(until) if until is not None else None}
        await audit.append(tx.db, audit.Entry("account.suspend", person, None, target.id, facts), tx.now)
        text = (
            f"@{person.handle} suspended it, and {tokens.in_words(held)}. Nobody can sign in with its tokens meanwhile."
        )
        await _tell(app, tx.db, target.id, text, tx.now)
    ended.tell(app)
    app.suspensions.see(until)
    return replace(target, suspension=held)


async def restore(app: App, person: Person, ref: str) -> Account:
    """End a suspension: the tokens work again. Its Spaces and roles do not come back by themselves, and its series stay paused. For admins.

    Raises NotFound, or Refused with reason `not_suspended`.
    """
    async with app.begin(person) as db:
        target = await accounts.present(db, ref)
        if target.suspension is None:
            raise Refused("not_suspended", f"@{target.handle} is not suspended")
        restored = await _lift(app, db, person, target.id, app.clock.now())
    app.registry.revocations.forget(restored)
    return replace(target, suspension=None)


async def end_suspensions(app: App) -> None:
    """Restore the accounts whose time is over. To be called again when that fails."""
    now, restored = app.clock.now(), frozenset[str]()
    async with app.db.begin() as db:
        for account_id in await suspensions.over(db, now):
            restored |= await _lift(app, db, _EXPIRED, account_id, now)
        following = await suspensions.next_end(db)
    app.registry.revocations.forget(restored)
    app.suspensions.next_end = following


async def _lift(app: App, db: AsyncConnection, by: Principal, account_id: str, now: datetime) -> frozenset[str]:
    """Returns the ids of the credentials that work again."""
    await suspensions.lift(db, account_id)
    await audit.append(db, audit.Entry("account.restore", by, None, account_id), now)
    who = f" by @{by.handle}" if isinstance(by, Person) else ", since its time is over"
    text = (
        f"This account was restored{who}: its tokens work again. Its series are paused; resume those that are to go on."
    )
    await _tell(app, db, account_id, text, now)
    return frozenset(one.id for one in await tokens.of_account(db, account_id))


async def _tell(app: App, db: AsyncConnection, account_id: str, text: str, now: datetime) -> None:
    await direct_messages.send_dm(db, app.bot.id, account_id, text, now, kind="notice")
