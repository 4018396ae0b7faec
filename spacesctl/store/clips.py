"""Repository of voice clips and what refers to them. The audio is in files beside the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound, Refused
from spacesctl.domain.posts import Clip
from spacesctl.store.holds import is_account_held
from spacesctl.store.tables import clips, dms, posts

_USED = or_(exists().where(posts.c.clip_id == clips.c.id), exists().where(dms.c.clip_id == clips.c.id))
_CLIPS = select(clips.c.id, clips.c.owner_id, clips.c.duration_ms, clips.c.bytes.label("size"), clips.c.at)


async def add(db: AsyncConnection, clip: Clip) -> None:
    """Add the row of a clip whose file is written."""
    row = {
        "id": clip.id,
        "owner_id": clip.owner_id,
        "duration_ms": clip.duration_ms,
        "bytes": clip.size,
        "at": clip.at,
    }
    await db.execute(clips.insert().values(row))


async def get(db: AsyncConnection, clip_id: str) -> Clip:
    """Find a clip. Raises NotFound."""
    row = (await db.execute(_CLIPS.where(clips.c.id == clip_id))).one_or_none()
    if row is None:
        raise NotFound("voice clip", clip_id)
    return Clip(**row._asdict())


async def by_ids(db: AsyncConnection, ids: Iterable[str]) -> dict[str, Clip]:
    """The clips with these ids, by id; unknown ids are left out."""
    found = [Clip(**row._asdict()) for row in await db.execute(_CLIPS.where(clips.c.id.in_(set(ids))))]
    return {clip.id: clip for clip in found}


async def unused(db: AsyncConnection, clip_id: str, owner_id: str) -> Clip:
    """A clip that its owner may attach. Raises NotFound (also for another owner's), or Refused with reason `clip_used`."""
    clip = await get(db, clip_id)
    if clip.owner_id != owner_id:
        raise NotFound("voice clip", clip_id)
    if await db.scalar(select(clips.c.id).where(clips.c.id == clip_id, _USED)) is not None:
        raise Refused("clip_used", f"voice clip {clip_id} is in a post or message already", hint="upload it again")
    return clip


async def count_unused(db: AsyncConnection, owner_id: str) -> int:
    """How many clips of an account no post or message refers to."""
    query = select(func.count()).select_from(clips).where(clips.c.owner_id == owner_id, ~_USED)
    return await db.scalar(query) or 0


async def bytes_of(db: AsyncConnection, owner_id: str) -> int:
    """The bytes of all clips of an account."""
    return await db.scalar(select(func.sum(clips.c.bytes)).where(clips.c.owner_id == owner_id)) or 0


async def is_public(db: AsyncConnection, clip_id: str) -> bool:
    """Whether a post has this clip."""
    return await db.scalar(select(posts.c.id).where(posts.c.clip_id == clip_id)) is not None


async def is_between(db: AsyncConnection, clip_id: str, account_id: str) -> bool:
    """Whether a direct message from or to this account has this clip."""
    mine = or_(dms.c.from_id == account_id, dms.c.to_id == account_id)
    return await db.scalar(select(dms.c.id).where(dms.c.clip_id == clip_id, mine)) is not None


async def forget_unused(db: AsyncConnection, before: datetime) -> None:
    """Delete the rows of clips made before an instant that no post or message refers to, but those on legal hold."""
    await db.execute(delete(clips).where(clips.c.at < before, ~_USED, ~is_account_held(clips.c.owner_id)))


async def ids(db: AsyncConnection) -> set[str]:
    """The ids of all clips."""
    return set(await db.scalars(select(clips.c.id)))
