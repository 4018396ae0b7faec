"""Repository of recordings. The audio is in files beside the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.space import Recording, Space
from spacesctl.domain.words import RecordingMode
from spacesctl.store.holds import is_recording_held
from spacesctl.store.tables import accounts, recordings


@dataclass(frozen=True)
class RecordedFile:
    """A closed file: the mix or a lane, with its duration, its size in bytes and its SHA-256."""

    name: str
    duration_ms: int
    bytes: int
    sha256: str


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
    files: tuple[RecordedFile, ...] | None


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
    found = await _found(db, recordings.c.id == recording_id)
    if not found:
        raise NotFound("recording", recording_id)
    return found[0]


async def of_host(
    db: AsyncConnection, host_id: str, *, space_id: str | None, before: datetime | None, limit: int
) -> list[KeptRecording]:
    """A host's recordings, newest first, of one Space or all, begun before an instant."""
    where = [recordings.c.host_id == host_id]
    if space_id is not None:
        where.append(recordings.c.space_id == space_id)
    if before is not None:
        where.append(recordings.c.started_at < before)
    return await _found(db, *where, limit=limit)


async def unfinished(db: AsyncConnection) -> list[KeptRecording]:
    """Recordings whose files are not closed."""
    return await _found(db, recordings.c.files.is_(None))


async def ended_before(db: AsyncConnection, moment: datetime) -> list[str]:
    """The ids of closed recordings that ended before `moment`, and are not on legal hold."""
    query = select(recordings.c.id).where(recordings.c.ended_at < moment, recordings.c.files.is_not(None))
    return list(await db.scalars(query.where(~is_recording_held(recordings.c.space_id, recordings.c.host_id))))


async def close(db: AsyncConnection, recording_id: str, files: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Store the files of a recording, which are complete now, each with the fields of `RecordedFile`. If no end was stored, it ended now
    with reason `lost`.
    """
    await db.execute(update(recordings).where(recordings.c.id == recording_id).values(files=list(files)))
    lost = recordings.c.id == recording_id, recordings.c.ended_at.is_(None)
    await db.execute(update(recordings).where(*lost).values(ended_at=now, reason="lost"))


async def finished_of(db: AsyncConnection, host_id: str) -> list[KeptRecording]:
    """The recordings of a host whose files are complete, but those on legal hold."""
    free = ~is_recording_held(recordings.c.space_id, recordings.c.host_id)
    return [one for one in await _found(db, recordings.c.host_id == host_id, free) if one.files is not None]


async def finished_of_deleted(db: AsyncConnection) -> list[KeptRecording]:
    """Those of deleted accounts, but those on legal hold."""
    deleted = recordings.c.host_id.in_(select(accounts.c.id).where(accounts.c.deleted_at.is_not(None)))
    free = ~is_recording_held(recordings.c.space_id, recordings.c.host_id)
    return [one for one in await _found(db, deleted, free) if one.files is not None]


async def is_nobodys(db: AsyncConnection, recording_id: str) -> bool:
    """Whether the account of a recording was deleted while it ran, and the recording is not on legal hold."""
    query = select(recordings.c.id).join(accounts, accounts.c.id == recordings.c.host_id)
    query = query.where(recordings.c.id == recording_id, accounts.c.deleted_at.is_not(None))
    free = ~is_recording_held(recordings.c.space_id, recordings.c.host_id)
    return (await db.execute(query.where(free))).first() is not None


async def remove(db: AsyncConnection, recording_id: str) -> None:
    """Delete the row of a recording."""
    await db.execute(delete(recordings).where(recordings.c.id == recording_id))


async def _found(db: AsyncConnection, *where: ColumnElement[bool], limit: int | None = None) -> list[KeptRecording]:
    """Recordings, newest first."""
    query = select(recordings).where(*where).order_by(recordings.c.started_at.desc()).limit(limit)
    return [
        KeptRecording(
            row.id, row.space_id, row.host_id, row.title, RecordingMode(row.kind), row.first_tick, row.started_at,
            row.ended_at, row.reason, None if row.files is None else tuple(RecordedFile(**file) for file in row.files),
        )
        for row in await db.execute(query)
    ]  # fmt: skip
