"""Repository of what is old: what is to be purged now, a bounded number at a time, and the purge of it. What is on legal hold is left out.

Reports and acts keep their rows: what was done, when and by whom stays; what somebody said goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.appeals import WITHIN
from spacesctl.domain.words import State
from spacesctl.store import quotes
from spacesctl.store.holds import is_held
from spacesctl.store.spaces import SAID
from spacesctl.store.tables import (
    acts,
    appeals,
    events,
    idempotency,
    regressions,
    report_notes,
    reports,
    sanctions,
    spaces,
)

AT_ANY_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Everything is older."""
_OPEN_APPEAL = exists().where(appeals.c.sanction_id == sanctions.c.id, appeals.c.state == "open")


@dataclass(frozen=True)
class OldReport:
    """A report whose evidence is to go."""

    id: str
    space_id: str
    clip: str | None


@dataclass(frozen=True)
class OldAct:
    """An act whose words are to go."""

    space_id: str
    key: str


async def old_reports(
    db: AsyncConnection,
    now: datetime,
    evidence: datetime | None,
    dismissed: datetime | None,
    limit: int,
    among: Sequence[str] | None = None,
    about: str | None = None,
) -> list[OldReport]:
    """Those filed before `evidence` (upheld ones: decided on before it), or dismissed before `dismissed`; None is never. Not those that a
    sanction in force, or one that is or can be appealed, stands on. `among`: of these ids alone; `about`:
    those about this account alone."""
    r = reports.c
    due = list[ColumnElement[bool]]()
    if evidence is not None:
        due.append(and_(r.at < evidence, or_(r.state != "upheld", r.decided_at < evidence)))
    if dismissed is not None:
        due.append(and_(r.state == "dismissed", r.decided_at < dismissed))
    if not due:
        return []
    by_rule = and_(r.rule.is_not(None), sanctions.c.principal["id"].as_string() == r.rule, _here(r.space_id))
    stands = _stands(now, r.target_id, or_(sanctions.c.report_id == r.id, by_rule))
    query = select(r.id, r.space_id, r.clip).where(r.purged_at.is_(None), or_(*due), ~stands)
    query = query.where(~is_held(r.space_id, r.target_id, r.reporter_id))
    if among is not None:
        query = query.where(r.id.in_(among))
    if about is not None:
        query = query.where(r.target_id == about)
    return [OldReport(*row) for row in await db.execute(query.order_by(r.at).limit(limit))]


def _here(space_id: ColumnElement[str]) -> ColumnElement[bool]:
    """A sanction in this Space, or a block, which is of none."""
    return or_(sanctions.c.space_id == space_id, sanctions.c.space_id.is_(None))


def _stands(now: datetime, target_id: ColumnElement[str], about: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a sanction on this account about that is in force, or is or can be appealed."""
    s = sanctions.c
    in_force = and_(s.lifted_at.is_(None), or_(s.until.is_(None), s.until > now))
    can_be_appealed = and_(s.since > now - WITHIN, or_(s.how.is_(None), s.how != "undone"))
    return exists().where(s.target_id == target_id, about, or_(in_force, can_be_appealed, _OPEN_APPEAL))


async def empty_report(db: AsyncConnection, old: OldReport, now: datetime) -> int:
    """Delete the clip's name, the words, what the reporter wrote and the notes of staff. Returns how many notes there were."""
    body = await db.scalar(select(reports.c.body).where(reports.c.id == old.id)) or {}
    values = {"clip": None, "body": {**body, "words": [], "note": ""}, "purged_at": now}
    await db.execute(update(reports).where(reports.c.id == old.id).values(values))
    await _empty_filing(db, old)
    mine = report_notes.c.report_id == old.id
    noted = idempotency.c.answer["id"].as_string().in_(select(report_notes.c.id).where(mine))
    await db.execute(delete(idempotency).where(noted))  # the answer to who wrote it, which is kept for a day
    return (await db.execute(delete(report_notes).where(mine))).rowcount


async def _empty_filing(db: AsyncConnection, old: OldReport) -> None:
    """The event that the report was filed has the reporter's note, too."""
    e = events.c
    query = select(e.seq, e.body).where(e.space_id == old.space_id, e.type == "report.filed")
    for row in await db.execute(query.where(e.body["report_id"].as_string() == old.id)):
        mine = (e.space_id == old.space_id, e.seq == row.seq)
        await db.execute(update(events).where(*mine).values(body={**row.body, "note": ""}))


async def old_acts(
    db: AsyncConnection,
    now: datetime,
    evidence: datetime,
    limit: int,
    among: Sequence[OldAct] | None = None,
    about: str | None = None,
    without: Sequence[str] = (),
) -> list[OldAct]:
    """Acts before `evidence`, but those that a sanction stands on, or a report that is kept. `among`: of these alone; `about`: those on
    this account alone; `without`: as if the evidence of these reports were gone already."""
    a = acts.c
    account = a.body["account_id"].as_string()
    stands = _stands(now, account, and_(sanctions.c.evidence == a.key, _here(a.space_id)))
    kept = (reports.c.purged_at.is_(None), reports.c.id.not_in(without))
    reported = exists().where(reports.c.id == a.body["report_id"].as_string(), *kept)
    query = select(a.space_id, a.key).where(a.purged_at.is_(None), a.at < evidence, ~stands, ~reported)
    query = query.where(~is_held(a.space_id, account))
    if among is not None:
        query = query.where(or_(false(), *(and_(a.space_id == one.space_id, a.key == one.key) for one in among)))
    if about is not None:
        query = query.where(account == about)
    return [OldAct(*row) for row in await db.execute(query.order_by(a.at).limit(limit))]


async def empty_act(db: AsyncConnection, old: OldAct, now: datetime) -> int:
    """Delete the words of an act, also where notices quote them. Returns how many notices did."""
    mine = (acts.c.space_id == old.space_id, acts.c.key == old.key)
    body = await db.scalar(select(acts.c.body).where(*mine)) or {}
    await db.execute(update(acts).where(*mine).values(body={**body, "words": []}, purged_at=now))
    return await quotes.drop(db, old.space_id, old.key)


async def old_cases(db: AsyncConnection, older: datetime, limit: int) -> list[str]:
    """Cases of rules that are older."""
    r = regressions.c
    query = select(r.id).where(r.at < older, ~is_held(r.space_id, r.target_id, r.host_id))
    return list(await db.scalars(query.limit(limit)))


async def drop_cases(db: AsyncConnection, ids: Sequence[str]) -> int:
    """Delete these, but what is held by now. Returns how many."""
    r = regressions.c
    held = is_held(r.space_id, r.target_id, r.host_id)
    return (await db.execute(delete(regressions).where(r.id.in_(ids), ~held))).rowcount


async def ended_after(db: AsyncConnection, space_id: str, limit: int) -> list[str]:
    """The next Spaces that are over, by id, beginning after this one."""
    over = spaces.c.state.not_in([State.LIVE.value, State.SCHEDULED.value])
    query = select(spaces.c.id).where(over, spaces.c.id > space_id)
    return list(await db.scalars(query.order_by(spaces.c.id).limit(limit)))


async def old_captions(db: AsyncConnection, space_id: str, older: datetime, limit: int) -> list[int]:
    """The numbers of a Space's events that are captions or messages and older."""
    e = events.c
    query = select(e.seq).where(e.space_id == space_id, e.type.in_(SAID), e.at < older, ~_is_caption_held())
    return list(await db.scalars(query.order_by(e.seq).limit(limit)))


async def drop_captions(db: AsyncConnection, space_id: str, numbers: Sequence[int]) -> int:
    """Delete these, but what is held by now. Returns how many."""
    e = events.c
    mine = (e.space_id == space_id, e.seq.in_(numbers), e.type.in_(SAID), ~_is_caption_held())
    return (await db.execute(delete(events).where(*mine))).rowcount


def _is_caption_held() -> ColumnElement[bool]:
    return is_held(events.c.space_id, events.c.body["account_id"].as_string())
