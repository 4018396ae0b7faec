"""Repository of recordings. The audio is in files beside the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.space import Recording, Space
from spacesctl.domain.words import RecordingMode
from spacesctl.store.tables import recordings


@dataclass(frozen=True)
class KeptRecording:
    """A recording. It belongs to `host_id`, the host when it began. `first_tick` is on the Space clock. `files` is None
    until they are closed.
    """

    id: str
    space_id: str
    host_id: str
    title: str
    kind: RecordingMode
    first_tick: int
    started_at: datetime
    ended_at: datetime | None
    reason: str | None
    files: list[dict[str, Any]] | None


async def began(db: AsyncConnection, space: Space, recording: Recording, tick: int) -> None:
    """Add a recording of a Space, which begins at `tick` of its clock."""
    row = {
        "id": recording.id,
        "space_id": space.id,
        "host_id": space.host_id,
        "title": space.title,
        "kind": recording.kind.value,
        "first_tick": tick,
        "started_at": recording.since,
    }
    await db.execute(recordings.insert().values(row))


async def ended(db: AsyncConnection, recording_id: str, at: datetime, reason: str) -> None:
    """Note that a recording ended, and why."""
    await db.execute(update(recordings).where(recordings.c.id == recording_id).values(ended_at=at, reason=reason))


async def get(db: AsyncConnection, recording_id: str) -> KeptRecording:
    """Find a recording. Raises NotFound."""
    row = (await db.execute(select(recordings).where(recordings.c.id == recording_id))).one_or_none()
    if row is None:
        raise NotFound("recording", recording_id)
    return _kept(row)


async def of_host(
    db: AsyncConnection, host_id: str, *, space_id: str | None, before: datetime | None, limit: int
) -> list[KeptRecording]:
    """A host's recordings, newest first, of one Space or all, begun before an instant."""
    query = select(recordings).where(recordings.c.host_id == host_id)
    if space_id is not None:
        query = query.where(recordings.c.space_id == space_id)
    if before is not None:
        query = query.where(recordings.c.started_at < before)
    rows = await db.execute(query.order_by(recordings.c.started_at.desc()).limit(limit))
    return [_kept(row) for row in rows]


async def unfinished(db: AsyncConnection) -> list[KeptRecording]:
    """Recordings whose files are not closed."""
    return [_kept(row) for row in await db.execute(select(recordings).where(recordings.c.files.is_(None)))]


async def ended_before(db: AsyncConnection, moment: datetime) -> list[str]:
    """The ids of closed recordings that ended before `moment`."""
    query = select(recordings.c.id).where(recordings.c.ended_at < moment, recordings.c.files.is_not(None))
    return list(await db.scalars(query))


async def close(db: AsyncConnection, recording_id: str, files: list[dict[str, Any]], now: datetime) -> None:
    """Store the files of a recording, which are complete now. If no end was stored, it ended now with reason `lost`."""
    await db.execute(update(recordings).where(recordings.c.id == recording_id).values(files=files))
    lost = recordings.c.id == recording_id, recordings.c.ended_at.is_(None)
    await db.execute(update(recordings).where(*lost).values(ended_at=now, reason="lost"))


async def remove(db: AsyncConnection, recording_id: str) -> None:
    """Delete the row of a recording."""
    await db.execute(delete(recordings).where(recordings.c.id == recording_id))


def _kept(row: Row[Any]) -> KeptRecording:
    return KeptRecording(
        row.id, row.space_id, row.host_id, row.title, RecordingMode(row.kind), row.first_tick, row.started_at, row.ended_at,
        row.reason, row.files,
    )  # fmt: skip
