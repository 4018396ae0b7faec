"""Repository of sanctions: those in effect, and those that ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.sanction import Sanction
from spacesctl.store.reading import all_as, one_as
from spacesctl.store.tables import sanctions

_NEWEST = (sanctions.c.since.desc(), sanctions.c.id.desc())


@dataclass(frozen=True)
class KeptSanction:
    """A sanction in a Space or (None: a block) of an account, in the name of `host_id`. `target_id` None: on the Space itself. Principals
    are as `principals.described` has them. `lifted_at` is None while it is in effect.
    """

    id: str
    space_id: str | None
    host_id: str
    action: str
    target_id: str | None
    principal: Mapping[str, str | None]
    reason: str
    evidence: str
    since: datetime
    until: datetime | None
    lifted_at: datetime | None
    lifted_by: Mapping[str, str | None] | None
    how: str | None
    lift_reason: str | None
    every: int | None
    erases: bool
    mutes_dms: bool
    report_id: str | None = None
    """The report that led staff to it."""


async def add(db: AsyncConnection, sanction: Sanction, space_id: str | None, host_id: str) -> None:
    """Add a sanction in a Space or (None) of an account, in the name of `host_id`."""
    row = {
        "id": sanction.id,
        "space_id": space_id,
        "host_id": host_id,
        "action": sanction.action,
        "target_id": sanction.target or None,
        "principal": dict(sanction.by),
        "reason": sanction.reason,
        "evidence": sanction.evidence,
        "since": sanction.since,
        "until": sanction.until,
        "every": sanction.every,
        "erases": sanction.erases,
        "mutes_dms": sanction.mutes_dms,
        "report_id": sanction.report_id or None,
    }
    await db.execute(sanctions.insert().values(row))


async def lift(
    db: AsyncConnection, sanction_id: str, at: datetime, by: Mapping[str, str | None], how: str, reason: str
) -> None:
    """Note the end of a sanction."""
    values = {"lifted_at": at, "lifted_by": dict(by), "how": how, "lift_reason": reason}
    await db.execute(update(sanctions).where(sanctions.c.id == sanction_id).values(values))


async def lift_all(db: AsyncConnection, space_id: str, at: datetime, by: Mapping[str, str | None]) -> None:
    """Note that a Space ended, and with it the sanctions that were in effect."""
    mine = (sanctions.c.space_id == space_id, sanctions.c.lifted_at.is_(None))
    values = {"lifted_at": at, "lifted_by": dict(by), "how": "ended", "lift_reason": ""}
    await db.execute(update(sanctions).where(*mine).values(values))


async def by_host(db: AsyncConnection, host_id: str, *, limit: int) -> list[KeptSanction]:
    """The blocks that stand on an account's list, or did, newest first."""
    query = select(sanctions).where(sanctions.c.host_id == host_id, sanctions.c.action == "block")
    return await all_as(db, query.order_by(*_NEWEST).limit(limit), KeptSanction)


async def get(db: AsyncConnection, sanction_id: str) -> KeptSanction:
    """Find a sanction. Raises NotFound."""
    found = await one_as(db, select(sanctions).where(sanctions.c.id == sanction_id), KeptSanction)
    if found is None:
        raise NotFound("sanction", sanction_id)
    return found


async def in_space(db: AsyncConnection, space_id: str) -> list[KeptSanction]:
    """The sanctions of a Space, newest first."""
    query = select(sanctions).where(sanctions.c.space_id == space_id)
    return await all_as(db, query.order_by(*_NEWEST), KeptSanction)


async def on(db: AsyncConnection, target_id: str, *, limit: int) -> list[KeptSanction]:
    """The sanctions on an account, newest first."""
    query = select(sanctions).where(sanctions.c.target_id == target_id)
    return await all_as(db, query.order_by(*_NEWEST).limit(limit), KeptSanction)


async def muting_dms(db: AsyncConnection, target_id: str) -> list[str]:
    """The ids of the Spaces from which an account is kicked so that their staff gets no messages from it."""
    query = select(sanctions.c.space_id).where(
        sanctions.c.target_id == target_id, sanctions.c.mutes_dms, sanctions.c.lifted_at.is_(None)
    )
    return list(await db.scalars(query))


async def block_reasons(db: AsyncConnection, host_id: str) -> dict[str, str]:
    """Why accounts are on an account's block list, by id."""
    query = select(sanctions.c.target_id, sanctions.c.reason).where(
        sanctions.c.action == "block", sanctions.c.host_id == host_id, sanctions.c.lifted_at.is_(None)
    )
    return {row.target_id: row.reason for row in await db.execute(query)}


async def open_blocks(db: AsyncConnection, host_id: str, target_id: str) -> list[str]:
    """The ids of the blocks of `target_id` by `host_id` that are in effect."""
    query = select(sanctions.c.id).where(
        sanctions.c.action == "block",
        sanctions.c.host_id == host_id,
        sanctions.c.target_id == target_id,
        sanctions.c.lifted_at.is_(None),
    )
    return list(await db.scalars(query))
