"""Repository of what is kept about an account, for the person themselves: rows page by page, without what is another's secret.

Who reported them, and what others said, is not among it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.clock import rfc3339
from spacesctl.store.ports import Database
from spacesctl.store.spaces import SAID
from spacesctl.store.tables import (
    accounts,
    appeals,
    attendance,
    blocks,
    clips,
    dms,
    events,
    follows,
    identities,
    outlets,
    passkeys,
    passwords,
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
_HANDLES: Final = {
    "followed_id": "followed", "blocked_id": "blocked", "from_id": "from", "to_id": "to", "host_id": "host", "target_id": "target",
    "author_id": "author", "owner_id": "owner",
}  # fmt: skip
_TITLES: Final = {"space_id": "space_title"}
"""What is shown beside an id, by the id's column."""


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
    # Two indexes, where a condition with `or` reads all messages in the order of their ids.
    mine = d.id.in_(select(d.id).where(d.from_id == account_id).union(select(d.id).where(d.to_id == account_id)))
    return [
        _of("account", accounts.c.id == account_id, accounts.c.id, *accounts.c),
        _of(
            "tokens", tokens.c.account_id == account_id, tokens.c.hash,
            *(tokens.c[name] for name in ("kind", "label", "scopes", "created_at", "expires_at", "used_at", "used_from")),
        ),
        _of(
            "passkeys", passkeys.c.account_id == account_id, passkeys.c.id,
            *(passkeys.c[name] for name in ("label", "created_at", "used_at")),
        ),
        _of(
            "identities", identities.c.account_id == account_id, identities.c.created_at,
            *(identities.c[name] for name in ("issuer", "subject", "created_at")),
        ),
        _of("password", passwords.c.account_id == account_id, passwords.c.account_id, passwords.c.changed_at),
        _of("follows", follows.c.follower_id == account_id, follows.c.followed_id, follows.c.followed_id),
        _of("blocks", blocks.c.blocker_id == account_id, blocks.c.blocked_id, blocks.c.blocked_id, blocks.c.at),
        _of("posts", posts.c.author_id == account_id, posts.c.id, *posts.c),
        _of("messages", mine, d.id, *(one for one in d if one.name not in ("unread", "act_key", "quoted"))),
        _of("voice_clips", clips.c.owner_id == account_id, clips.c.id, *clips.c),
        _of(
            "spaces", or_(spaces.c.host_id == account_id, spaces.c.creator_id == account_id), spaces.c.id,
            spaces.c.id, func.json_extract(spaces.c.doc, "$.title").label("title"), spaces.c.state, spaces.c.host_id,
            spaces.c.scheduled_start, spaces.c.created_at,
        ),
        _of(
            "series", series.c.host_id == account_id, series.c.id,
            series.c.id, func.json_extract(series.c.doc, "$.title").label("title"), series.c.state,
        ),
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
            named = await _named(db, page)
        if not page:
            return
        after = page[-1]["_key"]
        yield [{name: _json(value) for name, value in row.items() if name != "_key"} for row in named]


async def _page(db: AsyncConnection, query: Select[*tuple[object, ...]]) -> list[Row]:
    return [dict(row._mapping) for row in await db.execute(query)]


async def _named(db: AsyncConnection, page: list[Row]) -> list[Row]:
    """With the handle beside each id of another account, and the title beside each id of a Space: who is meant knows both, since they
    wrote to them, followed or reported them, or were there. A deleted account has no handle."""
    handles = await _names(db, accounts.c.id, accounts.c.handle, page, _HANDLES, accounts.c.deleted_at.is_(None))
    titles = await _names(db, spaces.c.id, func.json_extract(spaces.c.doc, "$.title"), page, _TITLES)
    return [{**row, **_beside(row, _HANDLES, handles, "@"), **_beside(row, _TITLES, titles)} for row in page]


async def _names(
    db: AsyncConnection,
    key: ColumnElement[str],
    name: ColumnElement[str],
    page: list[Row],
    beside: Mapping[str, str],
    *where: ColumnElement[bool],
) -> dict[str, str]:
    ids = {str(row[column]) for row in page for column in beside if row.get(column) is not None}
    if not ids:
        return {}
    found = await db.execute(select(key, name).where(key.in_(ids), *where))
    return {row[0]: row[1] for row in found}


def _beside(row: Row, columns: Mapping[str, str], known: Mapping[str, str], mark: str = "") -> Row:
    found = {
        shown: known.get(str(row[column]))
        for column, shown in columns.items()
        if column in row and row[column] is not None
    }
    return {shown: None if name is None else mark + name for shown, name in found.items()}


def _json(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else value


async def titles(db: AsyncConnection, space_ids: Collection[str]) -> dict[str, str]:
    """The titles of Spaces, by id."""
    query = select(spaces.c.id, func.json_extract(spaces.c.doc, "$.title")).where(spaces.c.id.in_(space_ids))
    return {row[0]: row[1] for row in await db.execute(query)}


async def captions(database: Database, account_id: str) -> AsyncIterator[list[Row]]:
    """What captions and chats have of an account, Space by Space, in pages: each is found by who it is of, so that it costs nothing where
    others spoke."""
    e = events.c
    query = select(e.space_id, e.seq, e.at, e.type, e.body).where(e.account_id == account_id, e.type.in_(SAID))
    query = query.order_by(e.space_id, e.seq).limit(PAGE)
    after = None
    while True:
        async with database.read() as db:
            page = (await db.execute(query if after is None else query.where(after))).all()
            shown = await titles(db, {row.space_id for row in page})
        if not page:
            return
        after = tuple_(e.space_id, e.seq) > (page[-1].space_id, page[-1].seq)
        yield [
            {
                "space_id": row.space_id,
                "space_title": shown.get(row.space_id),
                "at": rfc3339(row.at),
                "text": row.body["text"],
                "form": "chat" if row.type != "caption" else "typed" if row.body.get("typed") else "spoken",
            }
            for row in page
        ]
