"""Repository of who was in which Space: the accounts that may report what happened there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.holds import is_held
from spacesctl.store.tables import accounts, attendance
from spacesctl.store.writing import insert_new

KEPT: Final = timedelta(days=30)
"""How long it is known that somebody was there."""


async def add(db: AsyncConnection, rows: Iterable[tuple[str, str]], now: datetime) -> None:
    """Store that accounts were in Spaces (pairs of a Space and an account), and forget what is old and not on legal hold.
    Nothing is stored of those that were deleted since they came.
    """
    held = is_held(attendance.c.space_id, attendance.c.account_id)
    await db.execute(delete(attendance).where(attendance.c.at < now - KEPT, ~held))
    gone = set(await db.scalars(select(accounts.c.id).where(accounts.c.deleted_at.is_not(None))))
    for space_id, account_id in rows:
        if account_id in gone:
            continue
        await insert_new(db, attendance, {"space_id": space_id, "account_id": account_id, "at": now})


async def visits(db: AsyncConnection, ids: set[str], space_id: str | None = None) -> dict[str, dict[str, datetime]]:
    """When these accounts first came into which Spaces, or into one, as far as it is stored: by account and Space."""
    if not ids:
        return {}
    query = select(attendance).where(attendance.c.account_id.in_(ids))
    if space_id is not None:
        query = query.where(attendance.c.space_id == space_id)
    found = dict[str, dict[str, datetime]]()
    for row in await db.execute(query):
        found.setdefault(row.account_id, {})[row.space_id] = row.at
    return found


async def was_there(db: AsyncConnection, space_id: str, account_id: str) -> bool:
    """Whether it is stored that an account was in a Space."""
    where = (attendance.c.space_id == space_id, attendance.c.account_id == account_id)
    return await db.scalar(select(attendance.c.at).where(*where)) is not None
