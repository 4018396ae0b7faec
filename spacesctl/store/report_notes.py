"""Repository of the notes that staff write on reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.reading import all_as
from spacesctl.store.tables import report_notes


@dataclass(frozen=True)
class KeptNote:
    """A note of the account `author_id` on a report."""

    id: str
    report_id: str
    author_id: str
    text: str
    at: datetime


async def add(db: AsyncConnection, note: KeptNote) -> None:
    """Add a note."""
    await db.execute(report_notes.insert().values(vars(note)))


async def count(db: AsyncConnection, report_id: str) -> int:
    """How many notes a report has."""
    return await db.scalar(select(func.count()).where(report_notes.c.report_id == report_id)) or 0


async def of_report(db: AsyncConnection, report_id: str) -> list[KeptNote]:
    """The notes on a report, the oldest first."""
    query = select(report_notes).where(report_notes.c.report_id == report_id)
    return await all_as(db, query.order_by(report_notes.c.at, report_notes.c.id), KeptNote)
