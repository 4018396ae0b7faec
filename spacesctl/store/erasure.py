"""What is left of an account that is deleted: its row, without what is about a person, and what others need."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Text, bindparam, cast, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import DELETED, Account
from spacesctl.store.holds import is_held
from spacesctl.store.spaces import SAID
from spacesctl.store.tables import (
    accounts,
    acts,
    appeals,
    attendance,
    blocks,
    clips,
    deliveries,
    dms,
    events,
    follows,
    idempotency,
    identities,
    links,
    outlets,
    passkeys,
    passwords,
    posts,
    regressions,
    reminders,
    series,
    spaces,
    tokens,
    webhooks,
)

NAME = "Deleted account"
_WAYS_IN = (
    tokens.c.account_id,
    passwords.c.account_id,
    passkeys.c.account_id,
    identities.c.account_id,
    links.c.account_id,
)
_VOICE_WENT = "(The voice clip of this message was deleted with its account.)"


async def erase(db: AsyncConnection, account: Account, retired: str, now: datetime) -> None:
    """Delete what belongs to the account alone, and make the rest nameless; `retired` stands for its handle. What it has in Spaces, and its
    recordings, are the caller's. What is of a Space on legal hold, or between it and an account on hold, stays.
    """
    one = account.id
    await _erase_writing(db, one)
    await _drop_deliveries(db, one)
    for column in (
        *_WAYS_IN,
        webhooks.c.account_id,
        outlets.c.account_id,
        reminders.c.account_id,
        idempotency.c.account_id,
        series.c.host_id,
    ):
        await db.execute(delete(column.table).where(column == one))
    a, r = attendance.c, regressions.c
    await db.execute(delete(attendance).where(a.account_id == one, ~is_held(a.space_id)))
    cases = or_(r.host_id == one, r.target_id == one)
    await db.execute(delete(regressions).where(cases, ~is_held(r.space_id, r.host_id, r.target_id)))
    await db.execute(delete(follows).where(or_(follows.c.follower_id == one, follows.c.followed_id == one)))
    await db.execute(delete(blocks).where(or_(blocks.c.blocker_id == one, blocks.c.blocked_id == one)))
    await _unname_captions(db, one)
    await _forget_hands(db, one)
    await _unname_acts(db, one)
    await _unname_notices(db, account.handle)
    await _drop_answers(db, account.handle)
    await _close(db, one, retired, now)


async def _drop_deliveries(db: AsyncConnection, account_id: str) -> None:
    mine = select(webhooks.c.id).where(webhooks.c.account_id == account_id)
    await db.execute(delete(deliveries).where(deliveries.c.webhook_id.in_(mine)))


async def _close(db: AsyncConnection, account_id: str, retired: str, now: datetime) -> None:
    values = {
        "handle": retired,
        "name": NAME,
        "description": "",
        "deleted_at": now,
        "suspended_at": None,
        "suspended_until": None,
        "suspended_why": None,
    }
    await db.execute(update(accounts).where(accounts.c.id == account_id).values(values))


async def _erase_writing(db: AsyncConnection, account_id: str) -> None:
    """Its posts, the messages to it and its voice clips. The words that it wrote to others are theirs, too, and stay."""
    await db.execute(delete(posts).where(posts.c.author_id == account_id))
    free = ~is_held(dms.c.space_id, dms.c.from_id, dms.c.to_id)
    await db.execute(delete(dms).where(dms.c.to_id == account_id, free))
    spoken = (dms.c.from_id == account_id, dms.c.clip_id.is_not(None), free)
    await db.execute(update(dms).where(*spoken, dms.c.text == "").values(text=_VOICE_WENT))
    await db.execute(update(dms).where(*spoken).values(clip_id=None))
    kept = exists().where(dms.c.clip_id == clips.c.id)
    await db.execute(delete(clips).where(clips.c.owner_id == account_id, ~kept))
    a = appeals.c
    await db.execute(update(appeals).where(a.target_id == account_id, ~is_held(a.space_id, a.host_id)).values(text=""))


async def _unname_captions(db: AsyncConnection, account_id: str) -> None:
    """Captions carry the handle of who spoke."""
    query = select(events.c.space_id, events.c.seq, events.c.body)
    query = query.where(events.c.account_id == account_id, events.c.type.in_(SAID), ~is_held(events.c.space_id))
    rows = [
        {"space": row.space_id, "number": row.seq, "unnamed": {**row.body, "speaker": f"@{DELETED}"}}
        for row in await db.execute(query)
    ]
    if rows:
        statement = update(events).where(events.c.space_id == bindparam("space"), events.c.seq == bindparam("number"))
        await db.execute(statement.values(body=bindparam("unnamed")), rows)


async def _forget_hands(db: AsyncConnection, account_id: str) -> None:
    """What it wanted to speak about, which was for the staff of the moment. It may have left the Space since: all are looked through, each
    by its index.
    """
    query = select(events.c.space_id, events.c.seq, events.c.body)
    query = query.where(events.c.space_id.in_(select(spaces.c.id)), events.c.type == "hand.raised")
    query = query.where(_names(events.c.body, account_id), ~is_held(events.c.space_id))
    rows = [
        {"space": row.space_id, "number": row.seq, "emptied": {**row.body, "topic": "", "note": "", "voice": None}}
        for row in await db.execute(query)
        if row.body["account_id"] == account_id
    ]
    if rows:
        statement = update(events).where(events.c.space_id == bindparam("space"), events.c.seq == bindparam("number"))
        await db.execute(statement.values(body=bindparam("emptied")), rows)


def _names(body: Column[object], account_id: str) -> ColumnElement[bool]:
    """Whether a document has the id somewhere."""
    return cast(body, Text).contains(f'"{account_id}"', autoescape=True)


async def _unname_acts(db: AsyncConnection, account_id: str) -> None:
    """The acts of rules carry the handle of whom they are on."""
    query = select(acts.c.space_id, acts.c.key, acts.c.body)
    query = query.where(_names(acts.c.body, account_id), ~is_held(acts.c.space_id))
    rows = [
        {"space": row.space_id, "which": row.key, "unnamed": {**row.body, "handle": f"@{DELETED}"}}
        for row in await db.execute(query)
        if row.body["account_id"] == account_id
    ]
    if rows:
        statement = update(acts).where(acts.c.space_id == bindparam("space"), acts.c.key == bindparam("which"))
        await db.execute(statement.values(body=bindparam("unnamed")), rows)


async def _unname_notices(db: AsyncConnection, handle: str) -> None:
    """What the server wrote to others names who did it. What people wrote stays as they wrote it."""
    name = re.compile(rf"(?<![A-Za-z0-9_])@{handle}(?![A-Za-z0-9_])", re.IGNORECASE)
    query = select(dms.c.id, dms.c.text).where(dms.c.kind != "message")
    query = query.where(func.lower(dms.c.text).contains(f"@{handle}", autoescape=True))
    query = query.where(~is_held(dms.c.space_id, dms.c.to_id))
    rows = [
        {"number": row.id, "unnamed": unnamed}
        for row in await db.execute(query)
        if (unnamed := name.sub(f"@{DELETED}", row.text)) != row.text
    ]
    if rows:
        statement = update(dms).where(dms.c.id == bindparam("number"))
        await db.execute(statement.values(text=bindparam("unnamed")), rows)


async def _drop_answers(db: AsyncConnection, handle: str) -> None:
    """Answers kept for others that name it: they are kept for a day, and a request that is repeated after it is a new one."""
    name = re.compile(rf"@{handle}(?![A-Za-z0-9_])", re.IGNORECASE)
    answer = cast(idempotency.c.answer, Text).label("answer")
    query = select(idempotency.c.account_id, idempotency.c.key, answer)
    query = query.where(func.lower(answer).contains(f"@{handle}", autoescape=True))
    rows = [{"whose": row.account_id, "which": row.key} for row in await db.execute(query) if name.search(row.answer)]
    if rows:
        where = (idempotency.c.account_id == bindparam("whose"), idempotency.c.key == bindparam("which"))
        await db.execute(delete(idempotency).where(*where), rows)
