"""Repository of accounts, follows and blocks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, and_, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import DELETED, Account, Suspension
from spacesctl.domain.errors import Conflict, NotFound
from spacesctl.domain.ids import parse_handle
from spacesctl.domain.words import Kind
from spacesctl.store.tables import accounts, blocks, follows
from spacesctl.store.writing import insert_new


async def add(db: AsyncConnection, account: Account, *, retired: str = "") -> None:
    """Add an account. Raises Conflict when the handle is taken, or was a deleted account's, for which `retired` stands."""
    if await db.scalar(select(accounts.c.id).where(accounts.c.handle == retired)) is not None:
        raise Conflict("account", f"@{account.handle}", "was deleted, and its handle is not given again")
    row = {
        "id": account.id,
        "handle": account.handle,
        "name": account.name,
        "kind": account.kind.value,
        "created_at": account.created_at,
        "description": account.description,
    }
    try:
        await db.execute(accounts.insert().values(row))
    except IntegrityError as error:
        raise Conflict("account", f"@{account.handle}") from error


async def get(db: AsyncConnection, ref: str) -> Account:
    """Find an account by id, `@handle` or bare handle; a deleted one by its id. Raises NotFound."""
    where = accounts.c.id == ref if ref.isdigit() and len(ref) > 15 else accounts.c.handle == (parse_handle(ref) or "")
    row = (await db.execute(select(accounts).where(where))).one_or_none()
    if row is None:
        raise NotFound("account", ref if ref.startswith("@") or ref.isdigit() else f"@{ref}")
    return _account(row)


async def present(db: AsyncConnection, ref: str) -> Account:
    """The same, for what is to be done to it or with it: a deleted account is not found."""
    found = await get(db, ref)
    if found.deleted_at is not None:
        raise NotFound("account", ref)
    return found


async def by_ids(db: AsyncConnection, ids: set[str]) -> dict[str, Account]:
    """The accounts with these ids, by id; unknown ids are left out."""
    if not ids:
        return {}
    rows = await db.execute(select(accounts).where(accounts.c.id.in_(ids)))
    return {row.id: _account(row) for row in rows}


async def page(db: AsyncConnection, *, after: str, limit: int) -> list[Account]:
    """At most `limit` accounts in the order of their handles, after the handle `after`; not the deleted ones."""
    query = select(accounts).where(accounts.c.handle > after, accounts.c.deleted_at.is_(None))
    rows = await db.execute(query.order_by(accounts.c.handle).limit(limit))
    return [_account(row) for row in rows]


def _account(row: Row[tuple[object, ...]]) -> Account:
    held = Suspension(row.suspended_at, row.suspended_until, row.suspended_why or "") if row.suspended_at else None
    handle = row.handle if row.deleted_at is None else DELETED
    return Account(row.id, handle, row.name, Kind(row.kind), row.created_at, row.description, held, row.deleted_at)


async def describe(db: AsyncConnection, account_id: str, *, name: str | None, description: str | None) -> Account:
    """Change the fields that are not None and return the changed account. Raises NotFound."""
    given = {"name": name, "description": description}
    changes = {key: value for key, value in given.items() if value is not None}
    if changes:
        await db.execute(accounts.update().where(accounts.c.id == account_id).values(changes))
    return await get(db, account_id)


async def follow(db: AsyncConnection, follower_id: str, followed_id: str) -> None:
    """Make one account follow another; no effect when it does already."""
    row = {"follower_id": follower_id, "followed_id": followed_id}
    await insert_new(db, follows, row)


async def unfollow(db: AsyncConnection, follower_id: str, followed_id: str) -> None:
    """End a follow, if there is one."""
    await db.execute(delete(follows).where(follows.c.follower_id == follower_id, follows.c.followed_id == followed_id))


async def follows_account(db: AsyncConnection, follower_id: str, followed_id: str) -> bool:
    """Whether one account follows the other."""
    query = select(follows).where(follows.c.follower_id == follower_id, follows.c.followed_id == followed_id)
    return (await db.execute(query)).first() is not None


async def following(db: AsyncConnection, account_id: str) -> list[Account]:
    """The accounts that an account follows, by handle; not the suspended ones."""
    query = select(accounts).join(follows, follows.c.followed_id == accounts.c.id)
    query = query.where(accounts.c.suspended_at.is_(None))
    rows = await db.execute(query.where(follows.c.follower_id == account_id).order_by(accounts.c.handle))
    return [_account(row) for row in rows]


async def follow_counts(db: AsyncConnection, account_id: str) -> tuple[int, int]:
    """The number of its followers, and of accounts that it follows."""
    followers = select(func.count()).select_from(follows).where(follows.c.followed_id == account_id)
    followed = select(func.count()).select_from(follows).where(follows.c.follower_id == account_id)
    return await db.scalar(followers) or 0, await db.scalar(followed) or 0


async def block(db: AsyncConnection, blocker_id: str, blocked_id: str, *, by: str, now: datetime) -> bool:
    """Block an account, which also ends follows in both directions; whether it was not blocked before. `by` says who did it: `person`, or
    `rule ID`.
    """
    row = {"blocker_id": blocker_id, "blocked_id": blocked_id, "by": by, "at": now}
    added = await insert_new(db, blocks, row)
    await unfollow(db, blocker_id, blocked_id)
    await unfollow(db, blocked_id, blocker_id)
    return added


async def unblock(db: AsyncConnection, blocker_id: str, blocked_id: str) -> None:
    """Remove a block, if there is one."""
    await db.execute(delete(blocks).where(blocks.c.blocker_id == blocker_id, blocks.c.blocked_id == blocked_id))


async def blocked(db: AsyncConnection, account_id: str) -> list[Account]:
    """The accounts that an account has blocked, by handle."""
    query = select(accounts).join(blocks, blocks.c.blocked_id == accounts.c.id)
    rows = await db.execute(query.where(blocks.c.blocker_id == account_id).order_by(accounts.c.handle))
    return [_account(row) for row in rows]


async def blocks_by(db: AsyncConnection, account_id: str) -> list[tuple[Account, datetime]]:
    """The accounts that an account has blocked, each with when, by handle."""
    query = select(accounts, blocks.c.at).join(blocks, blocks.c.blocked_id == accounts.c.id)
    rows = await db.execute(query.where(blocks.c.blocker_id == account_id).order_by(accounts.c.handle))
    return [(_account(row), row.at) for row in rows]


async def blocked_ids(db: AsyncConnection, account_id: str) -> tuple[set[str], set[str]]:
    """The ids that an account has blocked, and the ids that have blocked it."""
    mine = await db.scalars(select(blocks.c.blocked_id).where(blocks.c.blocker_id == account_id))
    theirs = await db.scalars(select(blocks.c.blocker_id).where(blocks.c.blocked_id == account_id))
    return set(mine), set(theirs)


async def blocks_of(db: AsyncConnection, account_id: str) -> frozenset[tuple[str, str]]:
    """All blocks by and of an account, as pairs: who blocked, and who is blocked."""
    query = select(blocks.c.blocker_id, blocks.c.blocked_id)
    query = query.where(or_(blocks.c.blocker_id == account_id, blocks.c.blocked_id == account_id))
    return frozenset((row.blocker_id, row.blocked_id) for row in await db.execute(query))


async def blocks_around(db: AsyncConnection, host_id: str, staff: Collection[str]) -> frozenset[tuple[str, str]]:
    """All blocks by these accounts, and those of the host, as pairs: who blocked, and who is blocked."""
    query = select(blocks.c.blocker_id, blocks.c.blocked_id)
    query = query.where(or_(blocks.c.blocker_id.in_(staff), blocks.c.blocked_id == host_id))
    return frozenset((row.blocker_id, row.blocked_id) for row in await db.execute(query))


async def block_between(db: AsyncConnection, one: str, other: str) -> bool:
    """Whether either has blocked the other."""
    pair = or_(
        and_(blocks.c.blocker_id == one, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == one),
    )
    return (await db.execute(select(blocks.c.blocker_id).where(pair))).first() is not None
