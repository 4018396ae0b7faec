"""Repository of webhooks and of the webhook outbox, their pending deliveries. Signing secrets are not stored; they are
derived from the data folder's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.webhooks import Message
from spacesctl.store.tables import accounts, deliveries, webhooks

QUEUE = 1_000
"""Deliveries that may wait for one webhook; the oldest beyond that are dropped and counted."""
KEPT = timedelta(days=7)
"""How long a finished delivery can be inspected."""
BOTH_FOR = timedelta(hours=24)
"""How long messages are signed with the earlier secret, too, after the secret was renewed."""


@dataclass(frozen=True)
class Secrets:
    """Which signing secrets of a webhook are in use, by number: 0 is its first, and each renewal adds 1."""

    number: int = 0
    kept_number: int | None = None
    kept_until: datetime | None = None

    def in_use(self, now: datetime) -> tuple[int, ...]:
        """The present one, and for a day after a renewal the one that receivers had before."""
        if self.kept_number is None or self.kept_until is None or now >= self.kept_until:
            return (self.number,)
        return (self.number, self.kept_number)


@dataclass(frozen=True)
class Webhook:
    """A webhook for messages of these types; no types means all. It is disabled for a `reason`. `waiting` counts its pending deliveries."""

    id: str
    account_id: str
    url: str
    events: Sequence[str]
    all_spaces: bool
    created_at: datetime
    state: Literal["active", "disabled"] = "active"
    reason: str | None = None
    failing_since: datetime | None = None
    dropped: int = 0
    secret_number: int = 0
    kept_number: int | None = None
    kept_until: datetime | None = None
    waiting: int = 0

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.secret_number, self.kept_number, self.kept_until)


@dataclass(frozen=True)
class Delivery:
    """A message to a webhook. `status` and `problem` are of its last attempt."""

    id: int
    message: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    status: int | None
    problem: str | None
    at: datetime
    next_at: datetime | None
    space_id: str | None


@dataclass(frozen=True)
class DueDelivery:
    """A message to send now. `data` holds JSON values. `url`, `account_id` and `failing_since` are the webhook's."""

    id: int
    webhook_id: str
    message: str
    type: str
    data: Mapping[str, object]
    attempts: int
    at: datetime
    url: str
    account_id: str
    failing_since: datetime | None
    secret_number: int
    kept_number: int | None
    kept_until: datetime | None

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.secret_number, self.kept_number, self.kept_until)


_WAITING = (
    select(func.count())
    .where(deliveries.c.webhook_id == webhooks.c.id, deliveries.c.state == "pending")
    .scalar_subquery()
)
OF_SERVER = "server"
"""The state of a row that is the server's own (`store.coop`): nobody's webhook."""
_WEBHOOKS = select(webhooks, _WAITING.label("waiting")).where(webhooks.c.state != OF_SERVER)
_OF_DELIVERY = ("id", "message", "type", "state", "attempts", "status", "problem", "at", "next_at")
_OF_WEBHOOK = ("url", "account_id", "failing_since", "secret_number", "kept_number", "kept_until")
_OF_DUE = ("id", "webhook_id", "message", "type", "data", "attempts", "at")


async def add(db: AsyncConnection, hook: Webhook) -> None:
    """Add a webhook, which waits for nothing yet."""
    row = {
        "id": hook.id,
        "account_id": hook.account_id,
        "url": hook.url,
        "events": list(hook.events),
        "all_spaces": hook.all_spaces,
        "state": hook.state,
        "reason": hook.reason,
        "failing_since": hook.failing_since,
        "dropped": hook.dropped,
        "created_at": hook.created_at,
    }
    await db.execute(webhooks.insert().values(row))


async def get(db: AsyncConnection, webhook_id: str) -> Webhook:
    """Find a webhook. Raises NotFound."""
    row = (await db.execute(_WEBHOOKS.where(webhooks.c.id == webhook_id))).one_or_none()
    if row is None:
        raise NotFound("webhook", webhook_id)
    return Webhook(**row._asdict())


async def of_account(db: AsyncConnection, account_id: str) -> list[Webhook]:
    """The webhooks of an account, oldest first."""
    query = _WEBHOOKS.where(webhooks.c.account_id == account_id).order_by(webhooks.c.created_at, webhooks.c.id)
    return [Webhook(**row._asdict()) for row in await db.execute(query)]


async def remove(db: AsyncConnection, webhook_id: str) -> None:
    """Delete a webhook and its deliveries."""
    await db.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
    await db.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


async def enqueue(db: AsyncConnection, host_id: str, messages: Sequence[Message], now: datetime) -> None:
    """Queue messages for each active webhook that subscribes to them: those of the host, and those for all Spaces; none of a suspended
    account, and to nobody's a message about themselves."""
    query = select(webhooks.c.id, webhooks.c.events, webhooks.c.account_id).join(
        accounts, accounts.c.id == webhooks.c.account_id
    )
    query = query.where(accounts.c.suspended_at.is_(None), webhooks.c.state == "active")
    query = query.where(or_(webhooks.c.account_id == host_id, webhooks.c.all_spaces))
    for hook in list(await db.execute(query)):
        mine = [message for message in messages if message.about != hook.account_id]
        wanted = [message for message in mine if not hook.events or message.type in hook.events]
        if wanted:
            await db.execute(
                deliveries.insert().values(webhook_id=hook.id, at=now, state="pending", attempts=0, next_at=now),
                [
                    {"message": f"msg_{secrets.token_hex(12)}", "type": message.type, "data": message.data}
                    for message in wanted
                ],
            )
            await keep_within(db, hook.id)


async def keep_within(db: AsyncConnection, webhook_id: str) -> None:
    """Drop the oldest waiting deliveries beyond `QUEUE`, and count them."""
    mine = (deliveries.c.webhook_id == webhook_id, deliveries.c.state == "pending")
    newest_too_many = select(deliveries.c.id).where(*mine).order_by(deliveries.c.id.desc()).offset(QUEUE)
    dropped = (await db.execute(delete(deliveries).where(deliveries.c.id.in_(newest_too_many)))).rowcount
    if dropped:
        await db.execute(
            update(webhooks).where(webhooks.c.id == webhook_id).values(dropped=webhooks.c.dropped + dropped)
        )


async def due(db: AsyncConnection, now: datetime, *, busy: Collection[str], limit: int) -> list[DueDelivery]:
    """For each webhook that is not `busy`: the oldest delivery that is due."""
    oldest = (
        select(func.min(deliveries.c.id))
        .join(webhooks)
        .where(deliveries.c.state == "pending", deliveries.c.next_at <= now, webhooks.c.state == "active")
        .where(deliveries.c.webhook_id.not_in(busy))
        .group_by(deliveries.c.webhook_id)
        .limit(limit)
    )
    columns = [*(deliveries.c[name] for name in _OF_DUE), *(webhooks.c[name] for name in _OF_WEBHOOK)]
    query = select(*columns).join(webhooks)
    return [DueDelivery(**row._asdict()) for row in await db.execute(query.where(deliveries.c.id.in_(oldest)))]


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
    db: AsyncConnection, one: DueDelivery, status: int | None, problem: str, now: datetime, next_at: datetime | None
) -> None:
    """Note a failed attempt; `next_at` None means that it was the last."""
    values = {
        "state": "failed" if next_at is None else "pending",
        "attempts": one.attempts + 1,
        "status": status,
        "problem": problem,
        "next_at": next_at,
    }
    await db.execute(update(deliveries).where(deliveries.c.id == one.id).values(values))
    first = update(webhooks).where(webhooks.c.id == one.webhook_id, webhooks.c.failing_since.is_(None))
    await db.execute(first.values(failing_since=now))


async def renew(db: AsyncConnection, webhook_id: str, now: datetime) -> Webhook:
    """Give a webhook its next signing secret. The one that was in use before stays in use for a day, also when it is renewed again within
    that day: an answer with a secret may be lost. Raises NotFound."""
    before = await get(db, webhook_id)
    number, kept, until = before.secret_number, before.kept_number, before.kept_until
    if until is None or until <= now:
        kept, until = number, now + BOTH_FOR
    values = {"secret_number": number + 1, "kept_number": kept, "kept_until": until}
    await db.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(values))
    return await get(db, webhook_id)


async def switch_off(db: AsyncConnection, webhook_id: str, reason: str) -> None:
    """Disable a webhook and fail its waiting deliveries."""
    await db.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(state="disabled", reason=reason))
    waiting = update(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.state == "pending")
    await db.execute(waiting.values(state="failed", next_at=None, problem="the webhook was switched off"))


async def newest(db: AsyncConnection, webhook_id: str, *, limit: int) -> list[Delivery]:
    """The newest deliveries of a webhook, newest first."""
    space_id = deliveries.c.data["space"]["id"].as_string().label("space_id")
    query = select(*(deliveries.c[name] for name in _OF_DELIVERY), space_id)
    query = query.where(deliveries.c.webhook_id == webhook_id).order_by(deliveries.c.id.desc()).limit(limit)
    return [Delivery(**row._asdict()) for row in await db.execute(query)]


async def forget_old(db: AsyncConnection, now: datetime) -> None:
    """Delete finished deliveries that are older than `KEPT`; per webhook at most `QUEUE` stay."""
    done = deliveries.c.state != "pending"
    await db.execute(delete(deliveries).where(done, deliveries.c.at < now - KEPT))
    rank = func.row_number().over(partition_by=deliveries.c.webhook_id, order_by=deliveries.c.id.desc())
    ranked = select(deliveries.c.id, rank.label("rank")).where(done).subquery()
    await db.execute(delete(deliveries).where(deliveries.c.id.in_(select(ranked.c.id).where(ranked.c.rank > QUEUE))))
