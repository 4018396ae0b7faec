"""Repository of posts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.posts import Clip, Post, post_id
from spacesctl.store.tables import blocks, clips, follows, posts

_POSTS = select(posts, clips.c.duration_ms, clips.c.bytes, clips.c.at.label("clip_at")).outerjoin(
    clips, clips.c.id == posts.c.clip_id
)


async def add(db: AsyncConnection, post: Post) -> None:
    """Add a post."""
    row = {
        "id": post.id,
        "author_id": post.author_id,
        "text": post.text,
        "clip_id": post.clip.id if post.clip else None,
        "at": post.at,
    }
    await db.execute(posts.insert().values(row))


async def next_id(db: AsyncConnection, now: datetime) -> str:
    """An id above all others, even within one millisecond or after the clock was set back. Call it in the transaction
    that adds the post.
    """
    newest = await db.scalar(select(func.max(posts.c.id)))
    return str(max(int(post_id(now, secrets.randbits(22))), int(newest or 0) + 1))


async def get(db: AsyncConnection, post_id: str) -> Post:
    """Find a post. Raises NotFound."""
    found = await _found(db, posts.c.id == post_id)
    if not found:
        raise NotFound("post", post_id)
    return found[0]


async def by_ids(db: AsyncConnection, ids: Iterable[str]) -> dict[str, Post]:
    """The posts with these ids, by id; unknown ids are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {post.id: post for post in await _found(db, posts.c.id.in_(wanted))}


async def remove(db: AsyncConnection, post: Post) -> None:
    """Delete a post and its clip's row. The clip's file is deleted by the next tidying."""
    await db.execute(delete(posts).where(posts.c.id == post.id))
    if post.clip is not None:
        await db.execute(delete(clips).where(clips.c.id == post.clip.id))


async def by_author(db: AsyncConnection, author_id: str, *, before: str | None, limit: int) -> list[Post]:
    """An author's posts, newest first, older than the post id `before`."""
    return await _found(db, posts.c.author_id == author_id, before=before, limit=limit)


async def ids_by(db: AsyncConnection, author_id: str) -> list[str]:
    """The ids of all posts of an author."""
    return list(await db.scalars(select(posts.c.id).where(posts.c.author_id == author_id)))


async def count_by(db: AsyncConnection, author_id: str) -> int:
    """How many posts an author has."""
    return await db.scalar(select(func.count()).where(posts.c.author_id == author_id)) or 0


async def feed(db: AsyncConnection, reader_id: str, *, before: str | None, limit: int) -> list[Post]:
    """The reader's own posts and those of followed accounts, newest first. Posts across a block, in either direction,
    are left out.
    """
    followed = select(follows.c.followed_id).where(follows.c.follower_id == reader_id)
    wanted = or_(posts.c.author_id == reader_id, posts.c.author_id.in_(followed))
    blocked = or_(
        exists().where(blocks.c.blocker_id == reader_id, blocks.c.blocked_id == posts.c.author_id),
        exists().where(blocks.c.blocked_id == reader_id, blocks.c.blocker_id == posts.c.author_id),
    )
    return await _found(db, wanted, ~blocked, before=before, limit=limit)


async def _found(
    db: AsyncConnection, *where: ColumnElement[bool], before: str | None = None, limit: int | None = None
) -> list[Post]:
    """Posts, newest first."""
    query = _POSTS.where(*where).order_by(posts.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(posts.c.id < before)
    return [
        Post(
            row.id,
            row.author_id,
            row.text,
            row.at,
            Clip(row.clip_id, row.author_id, row.duration_ms, row.bytes, row.clip_at) if row.clip_id else None,
        )
        for row in await db.execute(query)
    ]
