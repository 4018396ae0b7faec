"""Repository of appeals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.words import AppealState
from spacesctl.store.reading import all_as, one_as
from spacesctl.store.tables import appeals


@dataclass(frozen=True)
class KeptAppeal:
    """An appeal of a sanction. `space_id` (None: of a block), `host_id` and `target_id` are the sanction's; `decided_by` as
    `principals.described` has it.
    """

    id: str
    sanction_id: str
    space_id: str | None
    host_id: str
    target_id: str
    text: str
    at: datetime
    state: AppealState = "open"
    decided_by: Mapping[str, str | None] | None = None
    decided_at: datetime | None = None
    reason: str | None = None


async def add(db: AsyncConnection, appeal: KeptAppeal) -> None:
    """Add an appeal."""
    await db.execute(appeals.insert().values(vars(appeal)))


async def decide(
    db: AsyncConnection, appeal_id: str, state: AppealState, by: Mapping[str, str | None], at: datetime, reason: str
) -> None:
    """Store what was decided on an appeal."""
    values = {"state": state, "decided_by": dict(by), "decided_at": at, "reason": reason}
    await db.execute(update(appeals).where(appeals.c.id == appeal_id).values(values))


async def settle(
    db: AsyncConnection, sanction_id: str, by: Mapping[str, str | None], at: datetime, reason: str
) -> None:
    """Grant the open appeal of a sanction, if there is one: what it asked for was done."""
    values = {"state": "granted", "decided_by": dict(by), "decided_at": at, "reason": reason}
    waiting = (appeals.c.sanction_id == sanction_id, appeals.c.state == "open")
    await db.execute(update(appeals).where(*waiting).values(values))


async def get(db: AsyncConnection, appeal_id: str) -> KeptAppeal:
    """Find an appeal. Raises NotFound."""
    found = await one_as(db, select(appeals).where(appeals.c.id == appeal_id), KeptAppeal)
    if found is None:
        raise NotFound("appeal", appeal_id)
    return found


async def of_sanction(db: AsyncConnection, sanction_id: str) -> KeptAppeal | None:
    """The appeal of a sanction, if there is one."""
    return await one_as(db, select(appeals).where(appeals.c.sanction_id == sanction_id), KeptAppeal)


async def waiting(db: AsyncConnection, host_id: str) -> int:
    """How many of a host's appeals wait for an answer."""
    query = select(func.count()).where(appeals.c.host_id == host_id, appeals.c.state == "open")
    return await db.scalar(query) or 0


async def listed(
    db: AsyncConnection,
    *,
    space_ids: set[str] | None,
    host_id: str,
    state: AppealState | None,
    before: datetime | None,
    limit: int,
    but_of: str,
) -> list[KeptAppeal]:
    """Appeals of sanctions in these Spaces (None: in all) and of blocks by `host_id`, newest first; without those of `but_of`."""
    blocks = and_(appeals.c.space_id.is_(None), appeals.c.host_id == host_id)
    spaces = appeals.c.space_id.is_not(None) if space_ids is None else appeals.c.space_id.in_(space_ids)
    query = select(appeals).where(or_(spaces, blocks), appeals.c.target_id != but_of)
    if state is not None:
        query = query.where(appeals.c.state == state)
    if before is not None:
        query = query.where(appeals.c.at < before)
    return await all_as(db, query.order_by(appeals.c.at.desc(), appeals.c.id).limit(limit), KeptAppeal)
