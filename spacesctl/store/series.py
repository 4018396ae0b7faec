"""Repository of series of Spaces, and of reminder subscriptions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.series import Series, SeriesState
from spacesctl.store import upcast
from spacesctl.store.tables import reminders, series
from spacesctl.store.writing import insert_new, put

_DOC = (series.c.doc, series.c.version, series.c.id)


async def save(db: AsyncConnection, value: Series) -> None:
    """Add or replace a series."""
    row = {
        "id": value.id,
        "host_id": value.host_id,
        "state": value.state.value,
        "doc": upcast.series_doc(value),
        "version": upcast.SERIES_VERSION,
    }
    await put(db, series, row)


async def get(db: AsyncConnection, series_id: str) -> Series:
    """Find a series. Raises NotFound, also for a deleted one."""
    query = select(*_DOC).where(series.c.id == series_id, series.c.state != SeriesState.DELETED)
    row = (await db.execute(query)).one_or_none()
    if row is None:
        raise NotFound("series", series_id)
    return upcast.series(row.doc, row.version, row.id)


async def of_host(db: AsyncConnection, host_id: str) -> list[Series]:
    query = select(*_DOC).where(series.c.host_id == host_id, series.c.state != SeriesState.DELETED)
    return [upcast.series(row.doc, row.version, row.id) for row in await db.execute(query.order_by(series.c.id))]


async def active(db: AsyncConnection) -> list[Series]:
    """All active series."""
    rows = await db.execute(select(*_DOC).where(series.c.state == SeriesState.ACTIVE))
    return [upcast.series(row.doc, row.version, row.id) for row in rows]


async def remind(db: AsyncConnection, space_id: str, account_id: str) -> None:
    """Subscribe an account to the reminders of a Space; no effect when it is subscribed."""
    await insert_new(db, reminders, {"space_id": space_id, "account_id": account_id})


async def forget_reminder(db: AsyncConnection, space_id: str, account_id: str) -> None:
    """Remove such a subscription, if there is one."""
    await db.execute(delete(reminders).where(reminders.c.space_id == space_id, reminders.c.account_id == account_id))


async def to_remind(db: AsyncConnection, space_id: str) -> list[str]:
    """The ids of the accounts to remind of a Space."""
    return list(await db.scalars(select(reminders.c.account_id).where(reminders.c.space_id == space_id)))


async def subscriber_counts(db: AsyncConnection, space_ids: Iterable[str]) -> dict[str, int]:
    """The number of reminder subscriptions per Space; Spaces without any are left out."""
    query = select(reminders.c.space_id, func.count()).where(reminders.c.space_id.in_(set(space_ids)))
    return {row[0]: row[1] for row in await db.execute(query.group_by(reminders.c.space_id))}
