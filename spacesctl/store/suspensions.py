"""Repository of suspensions: they are columns of the account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import Suspension
from spacesctl.store.tables import accounts


async def put(db: AsyncConnection, account_id: str, held: Suspension) -> None:
    """Suspend an account, or change until when and why."""
    values = {"suspended_at": held.since, "suspended_until": held.until, "suspended_why": held.reason}
    await db.execute(update(accounts).where(accounts.c.id == account_id).values(values))


async def lift(db: AsyncConnection, account_id: str) -> None:
    """End the suspension of an account."""
    values = {"suspended_at": None, "suspended_until": None, "suspended_why": None}
    await db.execute(update(accounts).where(accounts.c.id == account_id).values(values))


async def over(db: AsyncConnection, now: datetime) -> list[str]:
    """The ids of the accounts whose suspension has had its time."""
    return list(await db.scalars(select(accounts.c.id).where(accounts.c.suspended_until <= now)))


async def next_end(db: AsyncConnection) -> datetime | None:
    """When the next suspension ends by itself; None if none does."""
    found: datetime | None = await db.scalar(select(func.min(accounts.c.suspended_until)))
    return found
