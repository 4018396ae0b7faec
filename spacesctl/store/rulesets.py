"""Repository of rule files, by their hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.store.tables import rulesets
from spacesctl.store.writing import insert_new


async def put_rules(db: AsyncConnection, rules_hash: str, text: str, now: datetime) -> None:
    """Store a rule file under its hash; no effect when it is there."""
    await insert_new(db, rulesets, {"hash": rules_hash, "text": text, "at": now})


async def get_rules(db: AsyncConnection, rules_hash: str) -> str:
    """The text of a rule file. Raises NotFound."""
    text: str | None = await db.scalar(select(rulesets.c.text).where(rulesets.c.hash == rules_hash))
    if text is None:
        raise NotFound("rule file", rules_hash)
    return text
