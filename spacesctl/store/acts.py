"""Repository of the acts of rules, found again by their natural key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.speech import Word
from spacesctl.domain.words import RuleMode
from spacesctl.store.tables import acts


@dataclass(frozen=True)
class StoredAct:
    """An act, with the words it is about and the lengths of its evidence in seconds. `handle` is with the `@`, or empty like `account_id`
    where it is about the Space; ticks are of 20 ms on the Space clock.
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
    found: str = ""
    """The facts by which a rule without words decided."""


class ActAsked(Protocol):
    """What is asked for, as far as it is looked for."""

    @property
    def key(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def asked(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def lane(self) -> int: ...
    @property
    def start_tick(self) -> int: ...
    @property
    def end_tick(self) -> int: ...


_ACT = TypeAdapter(StoredAct)


async def get_act(db: AsyncConnection, space_id: str, key: str) -> StoredAct | None:
    """The stored act with this key, or None."""
    body = await db.scalar(select(acts.c.body).where(acts.c.space_id == space_id, acts.c.key == key))
    return None if body is None else _ACT.validate_python(body)


async def same_act(db: AsyncConnection, space_id: str, act: ActAsked) -> StoredAct | None:
    """The act with this key; or one that was asked to do the same by the same rule, about words of the same account, lane and ticks. The
    ticks need only meet: another recogniser hears the same words a little earlier or later. None: there is neither."""
    if (found := await get_act(db, space_id, act.key)) is not None:
        return found
    body = await db.scalar(
        select(acts.c.body)
        .where(acts.c.space_id == space_id, acts.c.lane == act.lane, acts.c.end_tick >= act.start_tick)
        .where(acts.c.start_tick <= act.end_tick, acts.c.rule_id == act.rule_id, acts.c.asked == act.asked)
        .where(acts.c.body["account_id"].as_string() == act.account_id)
        .order_by(acts.c.end_tick)
        .limit(1)
    )
    return None if body is None else _ACT.validate_python(body)


async def find(db: AsyncConnection, key: str, space_id: str | None) -> tuple[str, StoredAct] | None:
    """The act with this key and its Space, in this Space or (None) in any."""
    query = select(acts.c.space_id, acts.c.body).where(acts.c.key == key)
    if space_id is not None:
        query = query.where(acts.c.space_id == space_id)
    row = (await db.execute(query.limit(1))).first()
    return None if row is None else (row.space_id, _ACT.validate_python(row.body))


async def report_beside(db: AsyncConnection, space_id: str, act: StoredAct) -> str | None:
    """The id of the report that the rule of an act has filed about the same words."""
    query = (
        select(acts.c.body["report_id"].as_string())
        .where(acts.c.space_id == space_id, acts.c.lane == act.lane, acts.c.end_tick >= act.start_tick)
        .where(acts.c.start_tick <= act.end_tick, acts.c.rule_id == act.rule_id, acts.c.asked == "report")
        .where(acts.c.body["account_id"].as_string() == act.account_id)
        .where(acts.c.body["report_id"].as_string().is_not(None))
    )
    return await db.scalar(query.order_by(acts.c.end_tick).limit(1))


async def add_act(db: AsyncConnection, space_id: str, act: StoredAct, asked: str, now: datetime) -> None:
    """Store an act under its key. `asked` is its action as it was asked for, before a ladder's step was found."""
    about = {"rule_id": act.rule_id, "lane": act.lane, "start_tick": act.start_tick, "end_tick": act.end_tick}
    await db.execute(
        acts.insert().values(space_id=space_id, key=act.key, body=asdict(act), at=now, asked=asked, **about)
    )


async def change_act(db: AsyncConnection, space_id: str, act: StoredAct) -> None:
    """Store what became of an act that is there under its key."""
    row = (acts.c.space_id == space_id, acts.c.key == act.key)
    await db.execute(acts.update().where(*row).values(body=asdict(act)))
