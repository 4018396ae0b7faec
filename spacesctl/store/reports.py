"""Repository of reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.store.tables import reports


async def add_report(db: AsyncConnection, row: dict[str, Any]) -> None:
    """Add a report. `row` has the columns of the table `reports`."""
    await db.execute(reports.insert().values(row))


async def decide(db: AsyncConnection, report_id: str, state: str, by: dict[str, Any], at: datetime, note: str) -> None:
    """Store what was decided on a report."""
    values = {"state": state, "decided_by": by, "decided_at": at, "decision": note}
    await db.execute(update(reports).where(reports.c.id == report_id).values(values))


async def get_report(db: AsyncConnection, report_id: str) -> Row[Any]:
    """Find a report. Raises NotFound."""
    row = (await db.execute(select(reports).where(reports.c.id == report_id))).one_or_none()
    if row is None:
        raise NotFound("report", report_id)
    return row


async def list_reports(
    db: AsyncConnection, *, space_ids: set[str] | None, state: str | None = None, before: datetime | None, limit: int
) -> list[Row[Any]]:
    """Reports on these Spaces (None: on all), newest first."""
    query = select(reports)
    if space_ids is not None:
        query = query.where(reports.c.space_id.in_(space_ids))
    if state is not None:
        query = query.where(reports.c.state == state)
    if before is not None:
        query = query.where(reports.c.at < before)
    return list(await db.execute(query.order_by(reports.c.at.desc(), reports.c.id).limit(limit)))
