"""Repository of the acts of rules, found again by their natural key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.speech import Word
from spacesctl.domain.words import RuleMode
from spacesctl.store.tables import acts


@dataclass(frozen=True)
class StoredAct:
    """An act, with the words it is about and the lengths of its evidence in seconds. `handle` is with the `@`; ticks are of 20 ms on the
    Space clock.
    """

    key: str
    rule_id: str
    rule_hash: str
    mode: RuleMode
    action: str
    account_id: str
    handle: str
    lane: int
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    confidence: float
    engine: str
    model: str
    before: float
    after: float
    report_id: str | None = None


_ACT = TypeAdapter(StoredAct)


async def get_act(db: AsyncConnection, space_id: str, key: str) -> StoredAct | None:
    """The stored act with this key, or None."""
    body = await db.scalar(select(acts.c.body).where(acts.c.space_id == space_id, acts.c.key == key))
    return None if body is None else _ACT.validate_python(body)


async def add_act(db: AsyncConnection, space_id: str, act: StoredAct, now: datetime) -> None:
    """Store an act under its key."""
    await db.execute(acts.insert().values(space_id=space_id, key=act.key, body=asdict(act), at=now))
