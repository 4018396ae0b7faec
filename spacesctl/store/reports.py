"""Repository of reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Select, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.reporting import Filed, Record
from spacesctl.domain.speech import Word
from spacesctl.domain.words import ReportState, RuleMode
from spacesctl.store import upcast
from spacesctl.store.tables import reports


@dataclass(frozen=True)
class PersonThen:
    """A person in the Space when a report was filed."""

    account_id: str
    role: str
    mic_open: bool
    muted: bool
    lane: int | None


@dataclass(frozen=True)
class RoomThen:
    """The Space when a report was filed."""

    state: str
    policy: str
    people: tuple[PersonThen, ...]


@dataclass(frozen=True)
class Evidence:
    """What a report is based on: of a rule's act its mode, words and confidence, of a person's the note. Ticks are of 20 ms on the Space
    clock.
    """

    note: str = ""
    lane: int | None = None
    start_tick: int | None = None
    end_tick: int | None = None
    mode: RuleMode | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    rule_hash: str | None = None
    engine: str | None = None
    model: str | None = None
    act: str | None = None
    """The key of the rule's act."""
    room: RoomThen | None = None
    of_record: bool = True
    """Whether what staff find of it counts for its reporter (`reporting.is_of_record`)."""


@dataclass(frozen=True)
class KeptReport:
    """A report of the account `target_id` or (None) the Space. `rule` is the rule that filed it; `clip` the SHA-256 of the evidence clip;
    `decided_by` as `principals.described` has it.
    """

    id: str
    space_id: str
    reporter_id: str
    target_id: str | None
    category: str
    rule: str | None
    clip: str | None
    at: datetime
    body: Evidence
    state: ReportState = "open"
    decided_by: Mapping[str, str | None] | None = None
    decided_at: datetime | None = None
    decision: str | None = None
    assignee_id: str | None = None
    """Who looks after it."""
    purged_at: datetime | None = None
    """When its evidence was deleted."""


_EVIDENCE = TypeAdapter(Evidence)
MOST_WEIGHED = 1_000
"""Reports of a Space that are weighed at once."""


async def add_report(db: AsyncConnection, report: KeptReport) -> None:
    """Add a report."""
    await db.execute(reports.insert().values({**vars(report), "body": asdict(report.body)}))


async def keep_evidence(db: AsyncConnection, report_id: str, clip: str | None, body: Evidence) -> None:
    """The report has this clip and this evidence now."""
    await db.execute(update(reports).where(reports.c.id == report_id).values(clip=clip, body=asdict(body)))


async def has_clip(db: AsyncConnection, clip: str) -> bool:
    """Whether some report has this clip."""
    return await db.scalar(select(reports.c.id).where(reports.c.clip == clip).limit(1)) is not None


async def clips(db: AsyncConnection) -> set[str]:
    """The clips of all reports."""
    return {one for one in await db.scalars(select(reports.c.clip).where(reports.c.clip.is_not(None))) if one}


async def decide(
    db: AsyncConnection, report_id: str, state: str, by: Mapping[str, str | None], at: datetime, note: str
) -> None:
    """Store what was decided on a report."""
    values = {"state": state, "decided_by": dict(by), "decided_at": at, "decision": note}
    await db.execute(update(reports).where(reports.c.id == report_id).values(values))


async def assign(db: AsyncConnection, report_id: str, account_id: str | None) -> None:
    """Store who looks after a report."""
    await db.execute(update(reports).where(reports.c.id == report_id).values(assignee_id=account_id))


async def get_report(db: AsyncConnection, report_id: str) -> KeptReport:
    """Find a report. Raises NotFound."""
    found = await _kept(db, select(reports).where(reports.c.id == report_id))
    if not found:
        raise NotFound("report", report_id)
    return found[0]


async def list_reports(
    db: AsyncConnection,
    *,
    space_ids: set[str] | None,
    state: str | None = None,
    assignee_id: str | None = None,
    before: datetime | None,
    limit: int,
    but_about: str = "",
) -> list[KeptReport]:
    """Reports on these Spaces (None: on all), newest first: of this state, and that this account looks after; without those about the
    account `but_about`."""
    query = select(reports).where(or_(reports.c.target_id.is_(None), reports.c.target_id != but_about))
    if space_ids is not None:
        query = query.where(reports.c.space_id.in_(space_ids))
    if state is not None:
        query = query.where(reports.c.state == state)
    if assignee_id is not None:
        query = query.where(reports.c.assignee_id == assignee_id)
    if before is not None:
        query = query.where(reports.c.at < before)
    return await _kept(db, query.order_by(reports.c.at.desc(), reports.c.id).limit(limit))


async def filed_by(db: AsyncConnection, reporter_id: str, *, before: datetime | None, limit: int) -> list[KeptReport]:
    """The reports that a person has filed, newest first."""
    query = select(reports).where(reports.c.reporter_id == reporter_id, reports.c.rule.is_(None))
    if before is not None:
        query = query.where(reports.c.at < before)
    return await _kept(db, query.order_by(reports.c.at.desc(), reports.c.id).limit(limit))


async def filed_since(
    db: AsyncConnection, space_id: str, since: datetime, target_id: str | None, reporter_id: str
) -> Filed:
    """How many reports people have filed in a Space since then: in all, about this account (None: the Space), and by that one about it."""
    about = reports.c.target_id.is_(None) if target_id is None else reports.c.target_id == target_id
    by_one = about & (reports.c.reporter_id == reporter_id)
    mine = (reports.c.space_id == space_id, reports.c.at > since, reports.c.rule.is_(None))
    counts = [func.count(), *(func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in (about, by_one))]
    row = (await db.execute(select(*counts, func.min(reports.c.at)).where(*mine))).one()
    return Filed(row[0], row[1], row[2], row[3])


async def filed_by_people(db: AsyncConnection, space_id: str, since: datetime) -> list[tuple[str, str]]:
    """(reporter, target) of the newest reports about somebody in a Space that people have filed and nobody has dismissed; none about
    oneself."""
    wanted = (reports.c.space_id == space_id, reports.c.at > since, reports.c.state != "dismissed")
    by_people = (reports.c.rule.is_(None), reports.c.target_id != reports.c.reporter_id)
    query = select(reports.c.reporter_id, reports.c.target_id).where(*wanted, *by_people)
    return [
        (row.reporter_id, row.target_id)
        for row in await db.execute(query.order_by(reports.c.at.desc()).limit(MOST_WEIGHED))
    ]


async def records(db: AsyncConnection, reporters: set[str]) -> dict[str, Record]:
    """What staff have found of the reports of these accounts, on all Spaces: of those that say something of the reporter, each about the
    same person in the same Space once, and none that the reporter decided on."""
    if not reporters:
        return {}
    decided = (reports.c.reporter_id.in_(reporters), reports.c.rule.is_(None), reports.c.state != "open")
    of_record = func.coalesce(reports.c.body["of_record"].as_boolean(), True)
    by_others = reports.c.decided_by["id"].as_string().is_distinct_from(reports.c.reporter_id)
    about = (reports.c.reporter_id, reports.c.state, reports.c.space_id, reports.c.target_id)
    each = select(*about).where(*decided, of_record, by_others).distinct().subquery()
    query = select(each.c.reporter_id, each.c.state, func.count().label("number"))
    counts = dict[str, dict[str, int]]()
    for row in await db.execute(query.group_by(each.c.reporter_id, each.c.state)):
        counts.setdefault(row.reporter_id, {})[row.state] = row.number
    return {one: Record(found.get("upheld", 0), found.get("dismissed", 0)) for one, found in counts.items()}


async def _kept(db: AsyncConnection, query: Select[*tuple[object, ...]]) -> list[KeptReport]:
    rows = (row._mapping for row in await db.execute(query))
    return [KeptReport(**{**row, "body": _EVIDENCE.validate_python(upcast.evidence(row["body"]))}) for row in rows]
