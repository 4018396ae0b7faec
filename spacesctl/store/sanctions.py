"""Repository of sanctions: those in effect, and those that ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.sanction import Sanction
from spacesctl.store.tables import sanctions


async def add(db: AsyncConnection, sanction: Sanction, space_id: str | None, host_id: str) -> None:
    """Add a sanction in a Space or (None) of an account, in the name of `host_id`."""
    row = {
        "id": sanction.id,
        "space_id": space_id,
        "host_id": host_id,
        "action": sanction.action,
        "target_id": sanction.target,
        "principal": dict(sanction.by),
        "reason": sanction.reason,
        "evidence": sanction.evidence,
        "since": sanction.since,
        "until": sanction.until,
    }
    await db.execute(sanctions.insert().values(row))


async def lift(
    db: AsyncConnection, sanction_id: str, at: datetime, by: Mapping[str, Any], how: str, reason: str
) -> None:
    """Note the end of a sanction."""
    values = {"lifted_at": at, "lifted_by": dict(by), "how": how, "lift_reason": reason}
    await db.execute(update(sanctions).where(sanctions.c.id == sanction_id).values(values))


async def lift_all(db: AsyncConnection, space_id: str, at: datetime, by: Mapping[str, Any]) -> None:
    """Note that a Space ended, and with it the sanctions that were in effect."""
    mine = (sanctions.c.space_id == space_id, sanctions.c.lifted_at.is_(None))
    values = {"lifted_at": at, "lifted_by": dict(by), "how": "ended", "lift_reason": ""}
    await db.execute(update(sanctions).where(*mine).values(values))


async def by_host(db: AsyncConnection, host_id: str, *, limit: int) -> list[Row[Any]]:
    """The blocks that stand on an account's list, or did, newest first."""
    query = select(sanctions).where(sanctions.c.host_id == host_id, sanctions.c.action == "block")
    return list(await db.execute(query.order_by(sanctions.c.since.desc(), sanctions.c.id.desc()).limit(limit)))


async def get(db: AsyncConnection, sanction_id: str) -> Row[Any]:
    """Find a sanction. Raises NotFound."""
    row = (await db.execute(select(sanctions).where(sanctions.c.id == sanction_id))).one_or_none()
    if row is None:
        raise NotFound("sanction", sanction_id)
    return row


async def in_space(db: AsyncConnection, space_id: str) -> list[Row[Any]]:
    """The sanctions of a Space, newest first."""
    query = select(sanctions).where(sanctions.c.space_id == space_id)
    return list(await db.execute(query.order_by(sanctions.c.since.desc(), sanctions.c.id.desc())))


async def on(db: AsyncConnection, target_id: str, *, limit: int) -> list[Row[Any]]:
    """The sanctions on an account, newest first."""
    query = select(sanctions).where(sanctions.c.target_id == target_id)
    return list(await db.execute(query.order_by(sanctions.c.since.desc(), sanctions.c.id.desc()).limit(limit)))


async def open_blocks(db: AsyncConnection, host_id: str, target_id: str) -> list[str]:
    """The ids of the blocks of `target_id` by `host_id` that are in effect."""
    query = select(sanctions.c.id).where(
        sanctions.c.action == "block",
        sanctions.c.host_id == host_id,
        sanctions.c.target_id == target_id,
        sanctions.c.lifted_at.is_(None),
    )
    return list(await db.scalars(query))
