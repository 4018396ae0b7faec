"""Repository of legal holds: nothing of an account, or of a Space, is purged or erased while there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.store.reading import all_as
from spacesctl.store.tables import events, holds


@dataclass(frozen=True)
class KeptHold:
    """A hold on the account `account_id` or the Space `space_id`, named `subject` when it began. `told`: the account knows of it."""

    id: str
    account_id: str | None
    space_id: str | None
    subject: str
    reason: str
    by_id: str
    at: datetime
    told: bool = False
    released_at: datetime | None = None
    released_by_id: str | None = None


def is_held(space: ColumnElement[str], *accounts: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row of this Space, about these accounts, is on hold: a condition of a query."""
    about = [holds.c.account_id == one for one in accounts]
    return exists().where(holds.c.released_at.is_(None), or_(holds.c.space_id == space, *about))


def is_account_held(account: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row that is of no Space, and of this account, is on hold: a condition of a query."""
    return exists().where(holds.c.released_at.is_(None), holds.c.account_id == account)


async def add(db: AsyncConnection, hold: KeptHold) -> None:
    """Add a hold."""
    await db.execute(holds.insert().values(vars(hold)))


async def get(db: AsyncConnection, hold_id: str) -> KeptHold:
    """Find a hold. Raises NotFound."""
    found = await all_as(db, select(holds).where(holds.c.id == hold_id), KeptHold)
    if not found:
        raise NotFound("hold", hold_id)
    return found[0]


async def page(db: AsyncConnection, *, released: bool, before: datetime | None, limit: int) -> list[KeptHold]:
    """At most `limit` holds, newest first: those in force, or with `released` all."""
    query = select(holds)
    if not released:
        query = query.where(holds.c.released_at.is_(None))
    if before is not None:
        query = query.where(holds.c.at < before)
    return await all_as(db, query.order_by(holds.c.at.desc(), holds.c.id).limit(limit), KeptHold)


async def release(db: AsyncConnection, hold_id: str, by_id: str, at: datetime) -> None:
    """Note the end of a hold."""
    await db.execute(update(holds).where(holds.c.id == hold_id).values(released_at=at, released_by_id=by_id))


async def on_account(db: AsyncConnection, account_id: str) -> list[KeptHold]:
    """The holds in force on an account, the oldest first."""
    return await _in_force(db, holds.c.account_id == account_id)


async def on_recording(db: AsyncConnection, space_id: str, host_id: str) -> list[KeptHold]:
    """The holds in force on a recording, the oldest first: on its Space, on whose it is, and on who had a microphone in the Space."""
    spoke = select(events.c.body["account_id"].as_string()).where(
        events.c.space_id == space_id, events.c.type == "lane.opened"
    )
    return await _in_force(
        db, or_(holds.c.space_id == space_id, holds.c.account_id == host_id, holds.c.account_id.in_(spoke))
    )


def is_recording_held(space: ColumnElement[str], host: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a recording is on hold: a condition of a query."""
    here = (events.c.space_id == space, events.c.type == "lane.opened")
    spoke = exists().where(*here, events.c.body["account_id"].as_string() == holds.c.account_id)
    by_voice = (holds.c.released_at.is_(None), holds.c.account_id.is_not(None), spoke.correlate_except(events))
    return or_(is_held(space, host), exists().where(*by_voice))


async def _in_force(db: AsyncConnection, about: ColumnElement[bool]) -> list[KeptHold]:
    query = select(holds).where(holds.c.released_at.is_(None), about)
    return await all_as(db, query.order_by(holds.c.at), KeptHold)
