"""The webhook outbox: messages are stored in the same transaction as the events they report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.space import Space
from spacesctl.domain.webhooks import messages
from spacesctl.store import webhooks


async def note(db: AsyncConnection, space: Space, events: Sequence[e.Event], now: datetime) -> None:
    """Queue the webhook messages for these events."""
    found = messages(space, events)
    if found:
        await webhooks.enqueue(db, space.host_id, found, now)
