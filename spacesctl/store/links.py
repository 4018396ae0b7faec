"""Repository of links that are good for one use. They are stored by the SHA-256 of their codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.ids import token_hash
from spacesctl.store.tables import links


@dataclass(frozen=True)
class NewLink:
    """A link that is made. `account_id` None: it allows to make an account. `space_id`: the Space that it opens."""

    code: str
    account_id: str | None
    space_id: str | None
    expires_at: datetime

    def __repr__(self) -> str:
        return "NewLink(...)"  # it has a secret


@dataclass(frozen=True)
class UsedLink:
    """What a link was for."""

    account_id: str | None
    space_id: str | None


async def add(db: AsyncConnection, new: NewLink, now: datetime, *, most: int) -> None:
    """Store a link by its hash. Those that are over go, and of one account the oldest beyond `most`. Links to Spaces, of which others can
    have many made, are counted apart."""
    await db.execute(delete(links).where(links.c.expires_at <= now))
    row = {
        "hash": token_hash(new.code),
        "account_id": new.account_id,
        "space_id": new.space_id,
        "created_at": now,
        "expires_at": new.expires_at,
    }
    await db.execute(links.insert().values(row))
    newest_first = (links.c.created_at.desc(), links.c.hash)
    alike = links.c.space_id.is_(None) if new.space_id is None else links.c.space_id.is_not(None)
    beyond = select(links.c.hash).where(links.c.account_id.is_not_distinct_from(new.account_id), alike)
    await db.execute(delete(links).where(links.c.hash.in_(beyond.order_by(*newest_first).offset(most))))


async def is_good(db: AsyncConnection, code: str, now: datetime) -> bool:
    """Whether a link allows to make an account now."""
    wanted = (links.c.hash == token_hash(code), links.c.account_id.is_(None), links.c.expires_at > now)
    return bool(await db.scalar(select(func.count()).select_from(links).where(*wanted)))


async def take(db: AsyncConnection, code: str, now: datetime) -> UsedLink | None:
    """Use a link up. None for one that is unknown, was used or is over."""
    digest = token_hash(code)
    wanted = (links.c.hash == digest, links.c.expires_at > now)
    row = (await db.execute(select(links.c.account_id, links.c.space_id).where(*wanted))).one_or_none()
    if row is None:
        return None
    await db.execute(delete(links).where(links.c.hash == digest))
    return UsedLink(row.account_id, row.space_id)


async def drop_to_space(db: AsyncConnection, account_id: str, space_id: str) -> None:
    """Delete the links of an account that open a Space."""
    await db.execute(delete(links).where(links.c.account_id == account_id, links.c.space_id == space_id))


async def drop_to_spaces(db: AsyncConnection, account_id: str) -> None:
    """Delete the links of an account that open any Space."""
    await db.execute(delete(links).where(links.c.account_id == account_id, links.c.space_id.is_not(None)))


async def drop(db: AsyncConnection, account_id: str) -> None:
    """Delete the links of an account."""
    await db.execute(delete(links).where(links.c.account_id == account_id))
