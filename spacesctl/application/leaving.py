"""What an account has, when it is suspended or deleted: it leaves its Spaces, and its series stop."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.locking import over
from spacesctl.domain import commands as c
from spacesctl.domain import series as rules
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Refused
from spacesctl.domain.principals import Person, System
from spacesctl.domain.series import Series, SeriesState
from spacesctl.live.transaction import Transaction
from spacesctl.store import audit, tokens
from spacesctl.store import series as series_store
from spacesctl.store import spaces as space_store

Why = Literal["suspended", "deleted"]


@dataclass(frozen=True)
class Ended:
    """What ended: the credentials (ids), why, and the series as they are now."""

    credentials: frozenset[str]
    why: Why
    series: tuple[Series, ...]

    def tell(self, app: App) -> None:
        """After the commit: close what the credentials opened, and set the alarm clock."""
        app.registry.revoke(self.credentials, self.why)
        for one in self.series:
            app.wake(one)


def over_all_of(app: App, account_id: str) -> AbstractAsyncContextManager[Transaction]:
    """A transaction over all live and scheduled Spaces that an account hosts, has a part in, or that show a post of its."""

    async def find(db: AsyncConnection) -> set[str]:
        hosted = {*await space_store.hosted(db, account_id), *await space_store.naming(db, account_id)}
        coming = {one.space_id for one in await series_store.of_host(db, account_id) if one.space_id is not None}
        return {*hosted, *coming, *await space_store.pinning_those_of(db, account_id)}

    return over(app, find)


async def require_spared(app: App, db: AsyncConnection, target: Account, now: datetime) -> None:
    """Check that the server goes on without the account. Raises Refused with reason `is_bot` or `last_admin`."""
    if target.id == app.bot.id:
        raise Refused("is_bot", "the bundled bot is a part of the server", hint="run the server without bots")
    if await tokens.has_admin(db, target.id, now) and not await tokens.has_other_admin(db, target.id, now):
        raise Refused("last_admin", f"nobody but @{target.handle} has a token with the admin scope")


async def leave(app: App, tx: Transaction, by: Person, target: Account, why: Why) -> Ended:
    """Take the account out of the Spaces of the transaction, and stop its series. What it shows is refused from here on, also in a request
    that waits for its turn to write.
    """
    credentials = frozenset(one.id for one in await tokens.of_account(tx.db, target.id))
    app.registry.revocations.add(credentials)  # before it is committed: the next writer must know of it
    tx.on_rollback(lambda: app.registry.revocations.forget(credentials))
    before = await series_store.of_host(tx.db, target.id)
    coming = {one.space_id for one in before}
    going = [one for one in before if why == "deleted" or one.state is SeriesState.ACTIVE]
    series = tuple([await _stop(tx, by, one, why) for one in going])
    whom, system = c.Target(target.id, target.handle, target.kind), System(why)
    for space_id in tx.space_ids:
        if tx.space(space_id).is_over:
            continue
        call_off = why == "deleted" or space_id in coming
        await tx.ask(space_id, c.TakeOut(system, whom, why, tx.here(space_id), call_off))
    return Ended(credentials, why, series)


async def _stop(tx: Transaction, by: Person, before: Series, why: Why) -> Series:
    after = rules.paused(before) if why == "suspended" else rules.deleted(before)
    await series_store.save(tx.db, after)
    what = "pause" if why == "suspended" else "delete"
    await audit.append(tx.db, audit.Entry(f"series.{what}", by, None, None, {"series": before.id}), tx.now)
    return after
