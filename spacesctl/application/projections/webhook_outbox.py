"""The webhook outbox: messages are stored with the events that they report."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.webhooks import messages
from spacesctl.live.outcome import Outcome
from spacesctl.store import webhooks


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Queue the webhook messages for these events."""
    found = messages(outcome.after, outcome.events)
    if found:
        await webhooks.enqueue(db, outcome.after.host_id, found, outcome.at)
