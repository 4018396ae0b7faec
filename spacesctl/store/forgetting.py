"""Repository of what somebody said, for its erasure: found and deleted a bounded number at a time."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.holds import is_held
from spacesctl.store.spaces import SAID
from spacesctl.store.tables import (
    accounts,
    acts,
    appeals,
    attendance,
    dms,
    events,
    recordings,
    regressions,
    reports,
    spaces,
)

GONE = "(This message was erased with its account.)"


def _captions(account_id: str) -> ColumnElement[bool]:
    return and_(events.c.account_id == account_id, events.c.type.in_(SAID))


def _is_held() -> ColumnElement[bool]:
    return is_held(events.c.space_id)


async def count_captions(db: AsyncConnection, account_id: str, *, held: bool) -> int:
    """How many captions and messages have what the account said: in Spaces on legal hold, or in others."""
    query = select(func.count()).select_from(events).where(_captions(account_id), _is_held() if held else ~_is_held())
    return await db.scalar(query) or 0


async def some_captions(db: AsyncConnection, account_id: str, limit: int) -> list[tuple[str, int]]:
    """Spaces and numbers of captions that have what the account said and are not on hold."""
    query = select(events.c.space_id, events.c.seq).where(_captions(account_id), ~_is_held()).limit(limit)
    return [(row.space_id, row.seq) for row in await db.execute(query)]


async def drop_captions(db: AsyncConnection, which: list[tuple[str, int]]) -> int:
    """Delete these, but what is held by now. Returns how many."""
    mine = tuple_(events.c.space_id, events.c.seq).in_(which)
    return (await db.execute(delete(events).where(mine, ~_is_held()))).rowcount


def _messages(account_id: str, *, held: bool = False) -> ColumnElement[bool]:
    on_hold = is_held(dms.c.space_id, dms.c.to_id)
    mine = (dms.c.from_id == account_id, dms.c.kind == "message", dms.c.text != GONE)
    return and_(*mine, on_hold if held else ~on_hold)


async def count_messages(db: AsyncConnection, account_id: str, *, held: bool = False) -> int:
    """How many messages the account sent: to accounts on legal hold, or to others."""
    return await db.scalar(select(func.count()).select_from(dms).where(_messages(account_id, held=held))) or 0


async def erase_messages(db: AsyncConnection, account_id: str) -> int:
    """Delete the texts of the messages that it sent: those who got them see that there was one. Returns how many."""
    return (await db.execute(update(dms).where(_messages(account_id)).values(text=GONE))).rowcount


async def count_evidence(db: AsyncConnection, account_id: str) -> int:
    """How many reports about the account have their evidence."""
    query = select(func.count()).select_from(reports)
    return await db.scalar(query.where(reports.c.target_id == account_id, reports.c.purged_at.is_(None))) or 0


async def count_acts(db: AsyncConnection, account_id: str) -> int:
    """How many acts of rules on the account have their words."""
    mine = (acts.c.body["account_id"].as_string() == account_id, acts.c.purged_at.is_(None))
    return await db.scalar(select(func.count()).select_from(acts).where(*mine)) or 0


async def count_filed(db: AsyncConnection, account_id: str) -> int:
    """How many reports the account has filed that still have its note."""
    mine = (reports.c.reporter_id == account_id, reports.c.rule.is_(None), reports.c.purged_at.is_(None))
    return await db.scalar(select(func.count()).select_from(reports).where(*mine)) or 0


async def count_hosted(db: AsyncConnection, account_id: str) -> int:
    """How many Spaces it hosted or created."""
    mine = or_(spaces.c.host_id == account_id, spaces.c.creator_id == account_id)
    return await db.scalar(select(func.count()).select_from(spaces).where(mine)) or 0


async def left_behind(db: AsyncConnection, *, account_id: str | None, space_id: str | None) -> list[str]:
    """The deleted accounts of which something stayed for a hold on this account or this Space."""
    if account_id is not None:
        ids = union(
            select(dms.c.from_id).where(dms.c.to_id == account_id),
            select(dms.c.to_id).where(dms.c.from_id == account_id),
            select(appeals.c.target_id).where(appeals.c.host_id == account_id),
            select(regressions.c.host_id).where(regressions.c.target_id == account_id),
            select(regressions.c.target_id).where(regressions.c.host_id == account_id),
            select(literal(account_id)),
        )
    else:
        account = events.c.body["account_id"].as_string()
        kinds = (*SAID, "hand.raised", "lane.opened")
        ids = union(
            select(dms.c.to_id).where(dms.c.space_id == space_id),
            select(account).where(events.c.space_id == space_id, events.c.type.in_(kinds)),
            select(attendance.c.account_id).where(attendance.c.space_id == space_id),
            select(acts.c.body["account_id"].as_string()).where(acts.c.space_id == space_id),
            select(appeals.c.target_id).where(appeals.c.space_id == space_id),
            select(recordings.c.host_id).where(recordings.c.space_id == space_id),
        )
    gone = select(accounts.c.id).where(accounts.c.deleted_at.is_not(None), accounts.c.id.in_(ids))
    return list(await db.scalars(gone))


async def count_recordings_elsewhere(db: AsyncConnection, account_id: str) -> int:
    """How many recordings of others there are of Spaces in which it spoke."""
    opened = select(events.c.space_id).where(
        events.c.space_id == recordings.c.space_id,
        events.c.type == "lane.opened",
        events.c.body["account_id"].as_string() == account_id,
    )
    query = select(func.count()).select_from(recordings).where(recordings.c.host_id != account_id, opened.exists())
    return await db.scalar(query) or 0
