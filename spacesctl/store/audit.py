"""The audit log: append-only, a hash chain in which each entry contains the hash of the previous one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.clock import rfc3339
from spacesctl.store.tables import audit

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """An entry. `body` holds JSON values and no secrets. Transcripts belong in reports, not here."""

    action: str
    actor_id: str | None
    space_id: str | None = None
    target_id: str | None = None
    body: dict[str, Any] | None = None


def entry_hash(prev: str, at: datetime, entry: Entry) -> str:
    """SHA-256 over the previous hash and the entry in canonical JSON."""
    fields = [prev, rfc3339(at), entry.action, entry.actor_id, entry.space_id, entry.target_id, entry.body or {}]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def head(db: AsyncConnection) -> str:
    """The hash of the newest entry. Anyone who wrote it down can later detect that the log was truncated."""
    return await db.scalar(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)) or GENESIS


async def append(db: AsyncConnection, entry: Entry, now: datetime) -> None:
    """Append in the caller's transaction, which holds the write lock, so that no two entries get the same predecessor."""
    prev = await head(db)
    row = {
        "at": now,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "space_id": entry.space_id,
        "target_id": entry.target_id,
        "body": entry.body or {},
        "prev": prev,
        "hash": entry_hash(prev, now, entry),
    }
    await db.execute(audit.insert().values(row))


async def page(
    db: AsyncConnection, *, space_ids: set[str] | None, actor_id: str | None, before: int | None, limit: int
) -> list[Row[Any]]:
    """At most `limit` entries, newest first: of these Spaces or by this actor; if both are None, all. `before` is an entry's id."""
    query = select(audit)
    if space_ids is not None:
        query = query.where(or_(audit.c.space_id.in_(space_ids), audit.c.actor_id == actor_id))
    if before is not None:
        query = query.where(audit.c.id < before)
    return list(await db.execute(query.order_by(audit.c.id.desc()).limit(limit)))


async def verify(db: AsyncConnection) -> int | None:
    """Check the hash chain. Returns the id of the first entry that does not match the previous one, or None when all match."""
    prev = GENESIS
    async for row in await db.stream(select(audit).order_by(audit.c.id)):
        entry = Entry(row.action, row.actor_id, row.space_id, row.target_id, row.body)
        if row.prev != prev or row.hash != entry_hash(prev, row.at, entry):
            return int(row.id)
        prev = row.hash
    return None
