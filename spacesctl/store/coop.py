"""Repository of what is to be sent to Coop: deliveries of one row of the webhooks, `coop`, which is the server's own.

Such a delivery has no content: `message` is the id of a report or appeal, whose body is made when it is sent. The row's state is none of a
webhook's, so that no message to webhooks is queued for it and the sender of webhooks passes it over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store import webhooks as outbox
from spacesctl.store.tables import deliveries, webhooks

Kind = Literal["report", "rule", "appeal"]
"""A person's report, a rule's, or an appeal."""
ID: Final = "coop"
_MINE = deliveries.c.webhook_id == ID
_PENDING = (_MINE, deliveries.c.state == "pending")
_MOST_PROBLEM: Final = 200


@dataclass(frozen=True)
class Due:
    """A report or appeal to send now, which was tried `attempts` times since `at`."""

    id: int
    kind: Kind
    ref: str
    attempts: int
    at: datetime


@dataclass(frozen=True)
class Failure:
    """A report or appeal that Coop does not have. `status` is what it answered last, if it did."""

    kind: Kind
    ref: str
    at: datetime
    status: int | None
    problem: str


@dataclass(frozen=True)
class Queue:
    """What waits, was delivered and failed in the last days, and was dropped for the length of the queue."""

    waiting: int
    delivered: int
    failed: int
    dropped: int
    failing_since: datetime | None


async def connect(db: AsyncConnection, owner_id: str, url: str, *, rules: bool, now: datetime) -> None:
    """Queue reports and appeals from now on, with `rules` also the reports of rules. What waits is kept."""
    values = {"url": url, "events": ["report", "appeal", *(["rule"] if rules else [])]}
    if (await db.execute(update(webhooks).where(webhooks.c.id == ID).values(values))).rowcount:
        return
    row = {
        "id": ID,
        "account_id": owner_id,
        "all_spaces": False,
        "state": outbox.OF_SERVER,
        "dropped": 0,
        "created_at": now,
    }
    await db.execute(webhooks.insert().values({**row, **values}))


async def disconnect(db: AsyncConnection) -> None:
    """Queue nothing any longer, and drop what waits."""
    await outbox.remove(db, ID)


async def enqueue(db: AsyncConnection, kind: Kind, ref: str, at: datetime, due: datetime) -> None:
    """Queue a report or appeal, to be sent from `due` on, if a Coop is connected that gets this kind."""
    wanted: Sequence[str] | None = await db.scalar(select(webhooks.c.events).where(webhooks.c.id == ID))
    if wanted is None or kind not in wanted:
        return
    row = {"webhook_id": ID, "message": ref, "type": kind, "data": {}, "at": at, "state": "pending", "attempts": 0}
    await db.execute(deliveries.insert().values({**row, "next_at": due}))
    await outbox.keep_within(db, ID)


async def due(db: AsyncConnection, now: datetime, *, busy: Collection[int], limit: int) -> list[Due]:
    """The oldest that are due and not `busy`."""
    query = select(deliveries).where(*_PENDING, deliveries.c.next_at <= now, deliveries.c.id.not_in(busy))
    rows = await db.execute(query.order_by(deliveries.c.id).limit(limit))
    return [Due(row.id, row.type, row.message, row.attempts, row.at) for row in rows]


async def next_due(db: AsyncConnection, *, busy: Collection[int]) -> datetime | None:
    """The time of the next attempt, or None."""
    found: datetime | None = await db.scalar(
        select(func.min(deliveries.c.next_at)).where(*_PENDING, deliveries.c.id.not_in(busy))
    )
    return found


async def delivered(db: AsyncConnection, one: Due, status: int) -> None:
    """Coop has it."""
    row = {"state": "delivered", "attempts": one.attempts + 1, "status": status, "problem": None, "next_at": None}
    await db.execute(update(deliveries).where(deliveries.c.id == one.id).values(row))
    await db.execute(update(webhooks).where(webhooks.c.id == ID).values(failing_since=None, reason=None))


async def failed(
    db: AsyncConnection, one: Due, status: int | None, problem: str, now: datetime, next_at: datetime | None
) -> bool:
    """Note a failed attempt; `next_at` None means that it was the last. Returns whether that is news: whether nothing was lost since Coop
    took something last."""
    problem = problem[:_MOST_PROBLEM]
    state = "failed" if next_at is None else "pending"
    row = {"state": state, "attempts": one.attempts + 1, "status": status, "problem": problem, "next_at": next_at}
    await db.execute(update(deliveries).where(deliveries.c.id == one.id).values(row))
    ours = update(webhooks).where(webhooks.c.id == ID)
    await db.execute(ours.where(webhooks.c.failing_since.is_(None)).values(failing_since=now))
    if next_at is not None:
        return False
    return (await db.execute(ours.where(webhooks.c.reason.is_(None)).values(reason=problem))).rowcount > 0


async def queue(db: AsyncConnection) -> Queue:
    """How it stands."""
    query = select(deliveries.c.state, func.count()).where(_MINE).group_by(deliveries.c.state)
    counts = {str(state): int(count) for state, count in await db.execute(query)}
    row = (await db.execute(select(webhooks.c.dropped, webhooks.c.failing_since).where(webhooks.c.id == ID))).first()
    dropped, since = (row.dropped, row.failing_since) if row is not None else (0, None)
    return Queue(counts.get("pending", 0), counts.get("delivered", 0), counts.get("failed", 0), dropped, since)


async def failures(db: AsyncConnection, *, limit: int) -> list[Failure]:
    """The newest that failed for good."""
    query = select(deliveries).where(_MINE, deliveries.c.state == "failed").order_by(deliveries.c.id.desc())
    return [
        Failure(row.type, row.message, row.at, row.status, row.problem or "")
        for row in await db.execute(query.limit(limit))
    ]
