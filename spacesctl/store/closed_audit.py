"""The audit log of earlier versions: one hash chain for the whole server. Nothing is added; it is checked as it was written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.clock import rfc3339
from spacesctl.store.tables import closed_audit

GENESIS = "0" * 64
"""What stands before the first entry of a chain."""


def _hash(prev: str, row: Row[Any]) -> str:
    fields = [prev, rfc3339(row.at), row.action, row.actor_id, row.space_id, row.target_id, row.body]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def head(db: AsyncConnection) -> str:
    """The hash of the last entry."""
    return await db.scalar(select(closed_audit.c.hash).order_by(closed_audit.c.id.desc()).limit(1)) or GENESIS


async def verify(db: AsyncConnection) -> int | None:
    """The id of the first entry that does not match the one before, or None when all match."""
    prev = GENESIS
    async for row in await db.stream(select(closed_audit).order_by(closed_audit.c.id)):
        if row.prev != prev or row.hash != _hash(prev, row):
            return int(row.id)
        prev = row.hash
    return None
