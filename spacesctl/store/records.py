"""Repository of direct messages, reports, acts, rule files, and answers to idempotent requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import Conflict, NotFound
from spacesctl.store.tables import acts, dms, idempotency, reports, rulesets

IDEMPOTENCY_KEPT = timedelta(days=1)
"""How long the answer to an idempotent request is kept."""


async def send_dm(
    db: AsyncConnection,
    from_id: str,
    to_id: str,
    text: str,
    now: datetime,
    *,
    kind: str = "message",
    space_id: str | None = None,
    clip_id: str | None = None,
) -> int:
    """Store a direct message and return its id. `kind`: `message`, `invite`, `reminder` or `notice`."""
    row = {
        "from_id": from_id,
        "to_id": to_id,
        "kind": kind,
        "space_id": space_id,
        "text": text,
        "at": now,
        "clip_id": clip_id,
    }
    result = await db.execute(dms.insert().values(row))
    return int(result.inserted_primary_key[0]) if result.inserted_primary_key else 0


async def inbox(db: AsyncConnection, account_id: str, *, before: int | None, limit: int) -> list[Row[Any]]:
    """The messages to an account, newest first, older than the message id `before`."""
    query = select(dms).where(dms.c.to_id == account_id)
    if before is not None:
        query = query.where(dms.c.id < before)
    return list(await db.execute(query.order_by(dms.c.id.desc()).limit(limit)))


async def add_report(db: AsyncConnection, row: dict[str, Any]) -> None:
    """Add a report. `row` has the columns of the table `reports`."""
    await db.execute(reports.insert().values(row))


async def get_report(db: AsyncConnection, report_id: str) -> Row[Any]:
    """Find a report. Raises NotFound."""
    row = (await db.execute(select(reports).where(reports.c.id == report_id))).one_or_none()
    if row is None:
        raise NotFound("report", report_id)
    return row


async def list_reports(
    db: AsyncConnection, *, space_ids: set[str] | None, before: datetime | None, limit: int
) -> list[Row[Any]]:
    """Reports on these Spaces (None: on all), newest first."""
    query = select(reports)
    if space_ids is not None:
        query = query.where(reports.c.space_id.in_(space_ids))
    if before is not None:
        query = query.where(reports.c.at < before)
    return list(await db.execute(query.order_by(reports.c.at.desc(), reports.c.id).limit(limit)))


async def get_act(db: AsyncConnection, space_id: str, key: str) -> dict[str, Any] | None:
    """The stored act with this key, or None."""
    body: dict[str, Any] | None = await db.scalar(
        select(acts.c.body).where(acts.c.space_id == space_id, acts.c.key == key)
    )
    return body


async def add_act(db: AsyncConnection, space_id: str, key: str, body: dict[str, Any], now: datetime) -> None:
    """Store an act under its key."""
    await db.execute(acts.insert().values(space_id=space_id, key=key, body=body, at=now))


async def put_rules(db: AsyncConnection, rules_hash: str, text: str, now: datetime) -> None:
    """Store a rule file under its hash; no effect when it is there."""
    await db.execute(insert(rulesets).values(hash=rules_hash, text=text, at=now).on_conflict_do_nothing())


async def get_rules(db: AsyncConnection, rules_hash: str) -> str:
    """The text of a rule file. Raises NotFound."""
    text: str | None = await db.scalar(select(rulesets.c.text).where(rulesets.c.hash == rules_hash))
    if text is None:
        raise NotFound("rule file", rules_hash)
    return text


async def recall(db: AsyncConnection, account_id: str, key: str, request: str) -> tuple[int, Any] | None:
    """The stored status and answer of this account's request with this key, or None. Raises Conflict if that request
    was a different one.
    """
    query = select(idempotency).where(idempotency.c.account_id == account_id, idempotency.c.key == key)
    row = (await db.execute(query)).one_or_none()
    if row is None:
        return None
    if row.request != request:
        raise Conflict("Idempotency-Key", key, "was used for another request")
    return row.status, row.answer


async def remember(
    db: AsyncConnection, account_id: str, key: str, request: str, status: int, answer: Any, now: datetime
) -> None:
    """Store the answer to a request for a day, and delete older answers."""
    await db.execute(delete(idempotency).where(idempotency.c.at < now - IDEMPOTENCY_KEPT))
    row = {"account_id": account_id, "key": key, "request": request, "status": status, "answer": answer, "at": now}
    await db.execute(idempotency.insert().values(row))
