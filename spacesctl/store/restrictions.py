"""What was done to accounts in a time, for transparency reports: sanctions, redactions, suspensions and deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, String, and_, func, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.reading import all_as
from spacesctl.store.tables import accounts, appeals, audit_entries, redactions, reports, sanctions, spaces

OF_AN_ACCOUNT = ("mute", "demote", "kick", "block")
"""Sanctions that restrict their target; a warning does not."""
_BY_OPERATORS = ("account.suspend", "account.delete")


@dataclass(frozen=True)
class KeptRestriction:
    """One of them. `lifted_at`: its end, when that was before `until`. `evidence`: the key of the rule's act, or empty. Of what operators
    do, the end is as the audit entry has it: `said_until`, RFC 3339.
    """

    id: str
    action: str
    at: datetime
    until: datetime | None
    said_until: str | None
    lifted_at: datetime | None
    principal: Mapping[str, str | None]
    evidence: str
    space_id: str | None
    is_business: bool


async def page(
    db: AsyncConnection, first: datetime, end: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[KeptRestriction]:
    """At most `limit` that began from `first` on and before `end`, the oldest first, after that instant and id."""
    parts = [
        _next(query, at, key, after, limit)
        for query, at, key in (_sanctions(first, end), _redactions(first, end), _by_operators(first, end))
    ]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return await all_as(db, select(both).order_by(both.c.at, both.c.id).limit(limit), KeptRestriction)


_Part = tuple[Select[*tuple[object, ...]], ColumnElement[datetime], ColumnElement[str]]
"""A query, with the columns of the instant and the id."""


def _next(
    query: Select[*tuple[object, ...]],
    at: ColumnElement[datetime],
    key: ColumnElement[str],
    after: tuple[datetime, str] | None,
    limit: int,
) -> Select[*tuple[object, ...]]:
    """The next rows of one table: each begins where the page does, by its index."""
    if after is not None:
        query = query.where(at >= after[0], or_(at > after[0], key > after[1]))
    return query.order_by(at, key).limit(limit)


def _business(account: ColumnElement[str | None]) -> ColumnElement[bool]:
    return (
        select(accounts.c.id).where(accounts.c.id == account, accounts.c.kind == "brand").exists().label("is_business")
    )


def _sanctions(first: datetime, end: datetime) -> _Part:
    """Blocks count where who blocks hosts Spaces: of others they are a private matter."""
    s = sanctions.c
    hosts = select(spaces.c.id).where(or_(spaces.c.host_id == s.host_id, spaces.c.creator_id == s.host_id)).exists()
    query = select(
        s.id,
        s.action,
        s.since.label("at"),
        s.until,
        type_coerce(null(), String).label("said_until"),
        s.lifted_at,
        s.principal,
        s.evidence,
        s.space_id,
        _business(s.target_id),
    ).where(
        s.action.in_(OF_AN_ACCOUNT),
        s.target_id.is_not(None),
        s.since >= first,
        s.since < end,
        or_(s.action != "block", hosts),
    )
    return query, s.since, s.id


def _redactions(first: datetime, end: datetime) -> _Part:
    """Those that the audience did not hear, of one account, by another. A sanction also silences what a delayed audience has still to
    hear: that is part of the sanction, and not counted again.
    """
    r, s = redactions.c, sanctions.c
    with_sanction = select(s.id).where(s.target_id == r.account_id, s.space_id == r.space_id, s.since == r.at).exists()
    by_system = func.json_extract(r.principal, "$.kind") == "system"
    by_others = func.coalesce(func.json_extract(r.principal, "$.id"), "") != r.account_id
    heard = and_(r.missed_to.is_not(None), r.missed_to >= r.last_tick)
    query = select(
        r.id, literal("redact").label("action"), r.at, null().label("until"), null().label("said_until"), null().label("lifted_at"),
        r.principal, literal("").label("evidence"), r.space_id, _business(r.account_id),
    ).where(
        r.account_id.is_not(None), ~r.withdrawn, ~heard, by_others, ~with_sanction, ~by_system, r.at >= first, r.at < end
    )  # fmt: skip
    return query, r.at, r.id


def _by_operators(first: datetime, end: datetime) -> _Part:
    a = audit_entries.c
    until = func.json_extract(a.body, "$.until").label("said_until")
    key = func.printf("audit-%d", a.id)
    query = select(
        key.label("id"), func.substr(a.action, 9).label("action"), a.at, null().label("until"), until,
        null().label("lifted_at"), a.principal, literal("").label("evidence"), null().label("space_id"), _business(a.target_id),
    ).where(a.action.in_(_BY_OPERATORS), a.target_id != a.actor_id, a.at >= first, a.at < end)  # fmt: skip
    return query, a.at, key


async def reported(db: AsyncConnection, first: datetime, end: datetime) -> list[tuple[str, bool, str, float | None]]:
    """Of each report in a time: its category, whether a rule filed it, its state, and the seconds until it was decided."""
    r = reports.c
    rows = await db.execute(select(r.category, r.rule, r.state, r.at, r.decided_at).where(r.at >= first, r.at < end))
    return [(row.category, row.rule is not None, row.state, _seconds(row.at, row.decided_at)) for row in rows]


async def appealed(db: AsyncConnection, first: datetime, end: datetime) -> list[tuple[str, bool, float | None]]:
    """Of each appeal in a time: its state, whether it was about what a rule did by itself, and the seconds until it was decided."""
    a = appeals.c
    query = select(a.state, a.at, a.decided_at, sanctions.c.principal).join(sanctions, sanctions.c.id == a.sanction_id)
    rows = await db.execute(query.where(a.at >= first, a.at < end))
    return [(row.state, row.principal.get("kind") == "rule", _seconds(row.at, row.decided_at)) for row in rows]


def _seconds(first: datetime, last: datetime | None) -> float | None:
    return None if last is None else (last - first).total_seconds()
