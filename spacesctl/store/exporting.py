"""Repository of what is kept about an account, for the person themselves: rows page by page, without what is another's secret.

Who reported them, and what others said, is not among it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.clock import rfc3339
from spacesctl.store.ports import Database
from spacesctl.store.tables import (
    accounts,
    appeals,
    attendance,
    blocks,
    clips,
    dms,
    events,
    follows,
    outlets,
    posts,
    recordings,
    reports,
    series,
    spaces,
    tokens,
    webhooks,
)

PAGE: Final = 500
"""Rows that are read at once."""
Row = Mapping[str, object]
"""JSON values by name."""


@dataclass(frozen=True)
class Part:
    """A list of the export. `key` is unique in it and not null: pages go on after it; it is shown only if `columns` have it."""

    name: str
    columns: tuple[ColumnElement[object], ...]
    where: ColumnElement[bool]
    key: ColumnElement[object]


def parts(account_id: str) -> list[Part]:
    """All lists of rows about an account."""
    d, r = dms.c, reports.c
    mine = or_(d.from_id == account_id, d.to_id == account_id)
    return [
        _of("account", accounts.c.id == account_id, accounts.c.id, *accounts.c),
        _of(
            "tokens", tokens.c.account_id == account_id, tokens.c.hash,
            *(tokens.c[name] for name in ("label", "scopes", "created_at", "expires_at", "used_at", "used_from")),
        ),
        _of("follows", follows.c.follower_id == account_id, follows.c.followed_id, follows.c.followed_id),
        _of("blocks", blocks.c.blocker_id == account_id, blocks.c.blocked_id, blocks.c.blocked_id, blocks.c.at),
        _of("posts", posts.c.author_id == account_id, posts.c.id, *posts.c),
        _of("messages", mine, d.id, *(one for one in d if one is not d.unread)),
        _of("voice_clips", clips.c.owner_id == account_id, clips.c.id, *clips.c),
        _of(
            "spaces", or_(spaces.c.host_id == account_id, spaces.c.creator_id == account_id), spaces.c.id,
            spaces.c.id, spaces.c.state, spaces.c.host_id, spaces.c.scheduled_start, spaces.c.created_at,
        ),
        _of("series", series.c.host_id == account_id, series.c.id, series.c.id, series.c.state),
        _of("recordings", recordings.c.host_id == account_id, recordings.c.id, *recordings.c),
        _of("attendance", attendance.c.account_id == account_id, attendance.c.space_id, *attendance.c),
        _of(
            "reports_filed", (r.reporter_id == account_id) & r.rule.is_(None), r.id,
            r.id, r.space_id, r.target_id, r.category, r.at, r.state, r.decision, r.decided_at,
            r.body["note"].as_string().label("note"),
        ),
        _of(
            "appeals", appeals.c.target_id == account_id, appeals.c.id,
            *(appeals.c[name] for name in ("id", "sanction_id", "text", "at", "state", "decided_at", "reason")),
        ),
        _of("webhooks", webhooks.c.account_id == account_id, webhooks.c.id, webhooks.c.id, webhooks.c.url, webhooks.c.events),
        _of("notifications", outlets.c.account_id == account_id, outlets.c.id, outlets.c.id, outlets.c.shown),
    ]  # fmt: skip


def _of(name: str, where: ColumnElement[bool], key: ColumnElement[object], *columns: ColumnElement[object]) -> Part:
    return Part(name, columns, where, key)


async def rows(database: Database, part: Part) -> AsyncIterator[list[Row]]:
    """Pages of a list. Each is a reading transaction of its own: what changes meanwhile may be in it or not."""
    query = select(part.key.label("_key"), *part.columns).where(part.where).order_by(part.key).limit(PAGE)
    after: object = None
    while True:
        async with database.read() as db:
            page = await _page(db, query if after is None else query.where(part.key > after))
        if not page:
            return
        after = page[-1]["_key"]
        yield [{name: _json(value) for name, value in row.items() if name != "_key"} for row in page]


async def _page(db: AsyncConnection, query: Select[*tuple[object, ...]]) -> list[Row]:
    return [dict(row._mapping) for row in await db.execute(query)]


def _json(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else value


async def captions(database: Database, account_id: str) -> AsyncIterator[list[Row]]:
    """What captions have of an account, Space by Space, in pages."""
    space_id, seq = "", 0
    e = events.c
    while True:
        async with database.read() as db:
            if not space_id or seq == -1:
                after = select(spaces.c.id).where(spaces.c.id > space_id).order_by(spaces.c.id).limit(1)
                if (found := await db.scalar(after)) is None:
                    return
                space_id, seq = found, 0
            query = select(e.seq, e.at, e.body).where(e.space_id == space_id, e.type == "caption", e.seq > seq)
            query = query.where(e.body["account_id"].as_string() == account_id).order_by(e.seq).limit(PAGE)
            page = (await db.execute(query)).all()
        seq = page[-1].seq if page else -1
        yield [{"space_id": space_id, "at": rfc3339(row.at), "text": row.body["text"]} for row in page]
