"""Repository of direct messages; an invite is one of a kind of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import dms


@dataclass(frozen=True)
class DirectMessage:
    """A direct message, with the id of its voice clip if it has one."""

    id: int
    from_id: str
    to_id: str
    kind: Literal["message", "invite", "reminder", "notice"]
    space_id: str | None
    text: str
    at: datetime
    clip_id: str | None
    unread: bool


async def send_dm(
    db: AsyncConnection,
    from_id: str,
    to_id: str,
    text: str,
    now: datetime,
    *,
    kind: str = "message",
    space_id: str | None = None,
    clip_id: str | None = None,
    act_key: str | None = None,
    quoted: str | None = None,
) -> int:
    """Store a direct message and return its id. `kind` is one of `DirectMessage`; `quoted` is what `text` quotes of the act `act_key` of
    the Space (`quotes`).
    """
    row = {
        "from_id": from_id,
        "to_id": to_id,
        "kind": kind,
        "space_id": space_id,
        "text": text,
        "at": now,
        "clip_id": clip_id,
        "unread": True,
        "act_key": act_key,
        "quoted": quoted,
    }
    result = await db.execute(dms.insert().values(row))
    return int(result.inserted_primary_key[0]) if result.inserted_primary_key else 0


async def invited_to(db: AsyncConnection, account_id: str, *, limit: int) -> list[str]:
    """The ids of the Spaces that an account was invited to, the newest invitation first."""
    newest = func.max(dms.c.id)
    query = select(dms.c.space_id).where(dms.c.to_id == account_id, dms.c.kind == "invite", dms.c.space_id.is_not(None))
    return list((await db.scalars(query.group_by(dms.c.space_id).order_by(newest.desc()).limit(limit))).all())


async def mark_read(db: AsyncConnection, account_id: str, ids: Sequence[int]) -> None:
    """Note that an account has read these messages. Those that are not to it stay as they are."""
    await db.execute(dms.update().where(dms.c.to_id == account_id, dms.c.id.in_(ids)).values(unread=False))


async def inbox(
    db: AsyncConnection, account_id: str, *, before: int | None, limit: int, unread: bool = False
) -> list[DirectMessage]:
    """The messages to an account, newest first, older than the message id `before`; all, or the unread ones."""
    query = select(*(dms.c[one.name] for one in fields(DirectMessage))).where(dms.c.to_id == account_id)
    if unread:
        query = query.where(dms.c.unread)
    if before is not None:
        query = query.where(dms.c.id < before)
    rows = await db.execute(query.order_by(dms.c.id.desc()).limit(limit))
    return [DirectMessage(**row._asdict()) for row in rows]
