"""Repository of the words that notices quote: what a rule heard stands in the notices about its act, too, and goes with the act's words."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.holds import is_held
from spacesctl.store.tables import acts, dms

UNQUOTED: Final = "heard words that are deleted by now"
"""Stands where the words stood."""


def quote(words: str) -> str:
    """What a rule heard, as notices say it."""
    return f"heard “{words}”"


async def drop(db: AsyncConnection, space_id: str, key: str) -> int:
    """Delete the words of an act from the notices that quote them, but for messages on legal hold. Returns from how many."""
    return await _drop(db, dms.c.space_id == space_id, dms.c.act_key == key)


async def drop_left(db: AsyncConnection, limit: int) -> int:
    """The same for at most `limit` notices whose act has lost its words: what was held at that time is released by now."""
    purged = exists().where(
        acts.c.space_id == dms.c.space_id, acts.c.key == dms.c.act_key, acts.c.purged_at.is_not(None)
    )
    left = select(dms.c.id).where(dms.c.act_key.is_not(None), purged, ~_is_held()).limit(limit)
    return await _drop(db, dms.c.id.in_(left))


async def of_words_of(db: AsyncConnection, account_id: str) -> list[tuple[str, str]]:
    """Of each notice to others that quotes what this account said: the Space and the key of the act."""
    same = and_(acts.c.space_id == dms.c.space_id, acts.c.key == dms.c.act_key)
    query = select(acts.c.space_id, acts.c.key).select_from(dms).join(acts, same)
    query = query.where(dms.c.act_key.is_not(None), dms.c.to_id != account_id)
    rows = await db.execute(query.where(acts.c.body["account_id"].as_string() == account_id))
    return [(row.space_id, row.key) for row in rows]


async def _drop(db: AsyncConnection, *where: ColumnElement[bool]) -> int:
    text = func.replace(dms.c.text, "heard “" + dms.c.quoted + "”", UNQUOTED)
    change = update(dms).where(*where, ~_is_held()).values(text=text, quoted=None, act_key=None)
    return (await db.execute(change)).rowcount


def _is_held() -> ColumnElement[bool]:
    return is_held(dms.c.space_id, dms.c.to_id, dms.c.from_id)
