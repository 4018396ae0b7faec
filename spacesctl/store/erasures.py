"""Repository of erasures that are not done: the account is deleted, and words of it are still to go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.reading import all_as
from spacesctl.store.tables import erasures
from spacesctl.store.writing import insert_new


@dataclass(frozen=True)
class KeptErasure:
    """Of an account, asked for by the person `by_id`. `gone`: how much of what went so far; `recordings`: whose files are to go;
    `waits`: the rest is on legal hold."""

    account_id: str
    by_id: str
    at: datetime
    recordings: Sequence[str]
    gone: dict[str, int]
    waits: bool = False


async def add(db: AsyncConnection, account_id: str, by_id: str, at: datetime, recordings: Sequence[str] = ()) -> None:
    """Note that an account is to be erased; one that is noted already goes on."""
    row = {"account_id": account_id, "by_id": by_id, "at": at, "recordings": list(recordings), "gone": {}}
    await insert_new(db, erasures, row)
    await db.execute(update(erasures).where(erasures.c.account_id == account_id).values(waits=False))


async def find(db: AsyncConnection, account_id: str) -> KeptErasure | None:
    """The erasure of an account, unless it is done."""
    found = await all_as(db, select(erasures).where(erasures.c.account_id == account_id), KeptErasure)
    return found[0] if found else None


async def unfinished(db: AsyncConnection) -> list[str]:
    """The accounts whose erasure can go on, the oldest first."""
    query = select(erasures.c.account_id).where(~erasures.c.waits).order_by(erasures.c.at)
    return list(await db.scalars(query))


async def note(db: AsyncConnection, account_id: str, gone: Counter[str]) -> None:
    """Add to what went."""
    before: dict[str, int] = await db.scalar(select(erasures.c.gone).where(erasures.c.account_id == account_id)) or {}
    now = Counter(before) + gone
    await db.execute(update(erasures).where(erasures.c.account_id == account_id).values(gone=dict(now)))


async def done(db: AsyncConnection, account_id: str, *, waits: bool) -> None:
    """Forget an erasure, or (`waits`) let it wait for the release of a hold; its recordings are gone, and what went is counted anew."""
    mine = erasures.c.account_id == account_id
    if waits:
        await db.execute(update(erasures).where(mine).values(waits=True, recordings=[], gone={}))
    else:
        await db.execute(delete(erasures).where(mine))


async def go_on(db: AsyncConnection) -> None:
    """A hold was released: those that waited for one go on."""
    await db.execute(update(erasures).where(erasures.c.waits).values(waits=False))
