"""Repository of webhooks and of the webhook outbox, their pending deliveries. Signing secrets are not stored; they are
derived from the data folder's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.webhooks import Message
from spacesctl.store.tables import deliveries, webhooks

QUEUE = 1_000
"""Deliveries that may wait for one webhook; the oldest beyond that are dropped and counted."""
KEPT = timedelta(days=7)
"""How long a finished delivery can be inspected."""


async def add(db: AsyncConnection, row: dict[str, Any]) -> None:
    """Add a webhook. `row` has the columns of the table `webhooks`."""
    await db.execute(webhooks.insert().values(state="active", dropped=0, **row))


async def get(db: AsyncConnection, webhook_id: str) -> Row[Any]:
    """Find a webhook. Raises NotFound."""
    row = (await db.execute(select(webhooks).where(webhooks.c.id == webhook_id))).one_or_none()
    if row is None:
        raise NotFound("webhook", webhook_id)
    return row


async def of_account(db: AsyncConnection, account_id: str) -> list[tuple[Row[Any], int]]:
    """The webhooks of an account, oldest first, each with the number of waiting deliveries."""
    waiting = (
        select(func.count())
        .where(deliveries.c.webhook_id == webhooks.c.id, deliveries.c.state == "pending")
        .scalar_subquery()
    )
    query = select(webhooks, waiting.label("waiting")).where(webhooks.c.account_id == account_id)
    return [(row, int(row.waiting)) for row in await db.execute(query.order_by(webhooks.c.created_at, webhooks.c.id))]


async def remove(db: AsyncConnection, webhook_id: str) -> None:
    """Delete a webhook and its deliveries."""
    await db.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
    await db.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


async def enqueue(db: AsyncConnection, host_id: str, messages: Sequence[Message], now: datetime) -> None:
    """Queue messages for each active webhook that subscribes to them: those of the host, and those for all Spaces."""
    query = select(webhooks.c.id, webhooks.c.events).where(
        webhooks.c.state == "active", or_(webhooks.c.account_id == host_id, webhooks.c.all_spaces)
    )
    for hook in list(await db.execute(query)):
        wanted = [message for message in messages if not hook.events or message.type in hook.events]
        if wanted:
            await db.execute(deliveries.insert(), [_row(hook.id, message, now) for message in wanted])
            await _keep_within(db, hook.id)


def _row(webhook_id: str, message: Message, now: datetime) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "message": f"msg_{secrets.token_hex(12)}",
        "type": message.type,
        "data": message.data,
        "at": now,
        "state": "pending",
        "attempts": 0,
        "next_at": now,
    }


async def _keep_within(db: AsyncConnection, webhook_id: str) -> None:
    mine = (deliveries.c.webhook_id == webhook_id, deliveries.c.state == "pending")
    newest_too_many = select(deliveries.c.id).where(*mine).order_by(deliveries.c.id.desc()).offset(QUEUE)
    dropped = (await db.execute(delete(deliveries).where(deliveries.c.id.in_(newest_too_many)))).rowcount
    if dropped:
        await db.execute(
            update(webhooks).where(webhooks.c.id == webhook_id).values(dropped=webhooks.c.dropped + dropped)
        )


async def due(db: AsyncConnection, now: datetime, *, busy: Collection[str], limit: int) -> list[Row[Any]]:
    """For each webhook that is not `busy`: the oldest delivery that is due, with the webhook's `url` and `account_id`."""
    oldest = (
        select(func.min(deliveries.c.id))
        .join(webhooks)
        .where(deliveries.c.state == "pending", deliveries.c.next_at <= now, webhooks.c.state == "active")
        .where(deliveries.c.webhook_id.not_in(busy))
        .group_by(deliveries.c.webhook_id)
        .limit(limit)
    )
    query = select(deliveries, webhooks.c.url, webhooks.c.account_id, webhooks.c.failing_since).join(webhooks)
    return list(await db.execute(query.where(deliveries.c.id.in_(oldest))))


async def next_due(db: AsyncConnection, *, busy: Collection[str]) -> datetime | None:
    """The time of the next attempt, or None."""
    query = select(func.min(deliveries.c.next_at)).join(webhooks)
    query = query.where(deliveries.c.state == "pending", webhooks.c.state == "active")
    found: datetime | None = await db.scalar(query.where(deliveries.c.webhook_id.not_in(busy)))
    return found


async def delivered(db: AsyncConnection, delivery_id: int, webhook_id: str, status: int) -> None:
    """Note a successful delivery, answered with the HTTP `status`."""
    row = {"state": "delivered", "status": status, "problem": None, "next_at": None}
    await db.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(attempts=deliveries.c.attempts + 1, **row)
    )
    await recovered(db, webhook_id)


async def recovered(db: AsyncConnection, webhook_id: str) -> None:
    """Mark a webhook as active and clear its failures, after a success."""
    values = {"state": "active", "reason": None, "failing_since": None}
    await db.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(values))


async def failed(
    db: AsyncConnection, row: Row[Any], status: int | None, problem: str, now: datetime, next_at: datetime | None
) -> None:
    """Note a failed attempt; `next_at` None means that it was the last."""
    values = {
        "state": "failed" if next_at is None else "pending",
        "attempts": row.attempts + 1,
        "status": status,
        "problem": problem,
        "next_at": next_at,
    }
    await db.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
    first = update(webhooks).where(webhooks.c.id == row.webhook_id, webhooks.c.failing_since.is_(None))
    await db.execute(first.values(failing_since=now))


async def switch_off(db: AsyncConnection, webhook_id: str, reason: str) -> None:
    """Disable a webhook and fail its waiting deliveries."""
    await db.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(state="disabled", reason=reason))
    waiting = update(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.state == "pending")
    await db.execute(waiting.values(state="failed", next_at=None, problem="the webhook was switched off"))


async def newest(db: AsyncConnection, webhook_id: str, *, limit: int) -> list[Row[Any]]:
    """The newest deliveries of a webhook, newest first."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook_id)
    return list(await db.execute(query.order_by(deliveries.c.id.desc()).limit(limit)))


async def forget_old(db: AsyncConnection, now: datetime) -> None:
    """Delete finished deliveries that are older than `KEPT`; per webhook at most `QUEUE` stay."""
    done = deliveries.c.state != "pending"
    await db.execute(delete(deliveries).where(done, deliveries.c.at < now - KEPT))
    rank = func.row_number().over(partition_by=deliveries.c.webhook_id, order_by=deliveries.c.id.desc())
    ranked = select(deliveries.c.id, rank.label("rank")).where(done).subquery()
    await db.execute(delete(deliveries).where(deliveries.c.id.in_(select(ranked.c.id).where(ranked.c.rank > QUEUE))))
