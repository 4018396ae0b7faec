"""Repository of the acts of rules, found again by their natural key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import acts


async def get_act(db: AsyncConnection, space_id: str, key: str) -> dict[str, Any] | None:
    """The stored act with this key, or None."""
    body: dict[str, Any] | None = await db.scalar(
        select(acts.c.body).where(acts.c.space_id == space_id, acts.c.key == key)
    )
    return body


async def add_act(db: AsyncConnection, space_id: str, key: str, body: dict[str, Any], now: datetime) -> None:
    """Store an act under its key."""
    await db.execute(acts.insert().values(space_id=space_id, key=key, body=body, at=now))
