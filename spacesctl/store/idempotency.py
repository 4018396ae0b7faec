"""Repository of the answers to requests with an `Idempotency-Key`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import Conflict
from spacesctl.store.tables import idempotency

IDEMPOTENCY_KEPT = timedelta(days=1)
"""How long the answer to an idempotent request is kept."""


@dataclass(frozen=True)
class KeptAnswer:
    """An answer, as JSON values, and its HTTP status."""

    status: int
    answer: object


async def recall(db: AsyncConnection, account_id: str, key: str, request: str) -> KeptAnswer | None:
    """The stored answer of this account's request with this key, or None. Raises Conflict if that request
    was a different one.
    """
    query = select(idempotency).where(idempotency.c.account_id == account_id, idempotency.c.key == key)
    row = (await db.execute(query)).one_or_none()
    if row is None:
        return None
    if row.request != request:
        raise Conflict("Idempotency-Key", key, "was used for another request")
    return KeptAnswer(row.status, row.answer)


async def is_kept(db: AsyncConnection, account_id: str, key: str) -> bool:
    """Whether there is an answer to a request of this account with this key."""
    query = select(idempotency.c.key).where(idempotency.c.account_id == account_id, idempotency.c.key == key)
    return await db.scalar(query) is not None


async def remember(
    db: AsyncConnection, account_id: str, key: str, request: str, status: int, answer: object, now: datetime
) -> None:
    """Store the answer to a request for a day, and delete older answers."""
    await db.execute(delete(idempotency).where(idempotency.c.at < now - IDEMPOTENCY_KEPT))
    row = {"account_id": account_id, "key": key, "request": request, "status": status, "answer": answer, "at": now}
    await db.execute(idempotency.insert().values(row))
