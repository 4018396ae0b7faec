"""Repository of passwords: each account's hash, which says itself how it was made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import passwords


async def get(db: AsyncConnection, account_id: str) -> str | None:
    """The hash; None for an account without a password."""
    found: str | None = await db.scalar(select(passwords.c.hash).where(passwords.c.account_id == account_id))
    return found


async def put(db: AsyncConnection, account_id: str, made: str, now: datetime) -> None:
    """Set or replace it."""
    await drop(db, account_id)
    await db.execute(passwords.insert().values(account_id=account_id, hash=made, changed_at=now))


async def renew(db: AsyncConnection, account_id: str, before: str, made: str) -> None:
    """Replace the hash of the same password by a better one, unless the password was changed meanwhile."""
    mine = (passwords.c.account_id == account_id, passwords.c.hash == before)
    await db.execute(update(passwords).where(*mine).values(hash=made))


async def drop(db: AsyncConnection, account_id: str) -> None:
    """Delete it, if there is one."""
    await db.execute(delete(passwords).where(passwords.c.account_id == account_id))
