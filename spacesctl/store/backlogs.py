"""How much waits: webhook messages to be sent, and reports to be looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import deliveries
from spacesctl.store.tables import reports as table


async def deliveries_waiting(db: AsyncConnection, now: datetime) -> tuple[int, float]:
    """The webhook messages that are still to come, and the age of the oldest in seconds (0 if there is none)."""
    query = select(func.count(), func.min(deliveries.c.at)).where(deliveries.c.state == "pending")
    count, oldest = (await db.execute(query)).one()
    return count, max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0


async def reports_by_state(db: AsyncConnection) -> dict[str, int]:
    """How many reports are in each state."""
    query = select(table.c.state, func.count()).group_by(table.c.state)
    return {str(state): int(count) for state, count in await db.execute(query)}
