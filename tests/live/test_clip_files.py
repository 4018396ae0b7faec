"""A file of evidence that two reports have in common, filed and deleted at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.clip_files import ClipFiles
from spacesctl.store import reports
from spacesctl.store.ports import Database
from spacesctl.store.sqlite.database import Database as Sqlite

pytestmark = pytest.mark.anyio
SOUND = b"OggS of somebody"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with Sqlite(tmp_path / "spaces.db") as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path) -> ClipFiles:
    return ClipFiles(tmp_path / "evidence")


async def written(files: ClipFiles, db: Database) -> str:
    async with files.kept(db, SOUND) as clip:
        pass
    return clip


async def test_a_file_that_no_report_has_is_deleted(files: ClipFiles, db: Database) -> None:
    clip = await written(files, db)
    assert files.path(clip).read_bytes() == SOUND
    assert await files.drop(db, clip)
    assert not files.path(clip).exists()
    assert await files.sweep(db) == 0


async def test_a_file_is_not_deleted_while_a_report_of_the_same_sound_is_filed(files: ClipFiles, db: Database) -> None:
    await written(files, db)
    async with files.kept(db, SOUND) as clip:
        assert not await files.drop(db, clip)
        assert await files.sweep(db) == 0
        assert files.path(clip).exists()


async def test_who_files_between_the_look_and_the_deletion_keeps_the_file(
    files: ClipFiles, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = await written(files, db)

    async def nobody_has_it_yet(connection: AsyncConnection, which: str) -> bool:
        async with files.kept(db, SOUND):
            pass  # its row is committed now; the look began before
        return False

    monkeypatch.setattr(reports, "has_clip", nobody_has_it_yet)
    assert not await files.drop(db, clip)
    assert files.path(clip).read_bytes() == SOUND


async def test_who_files_while_it_is_deleted_writes_it_anew(files: ClipFiles, db: Database) -> None:
    clip = await written(files, db)

    async def file() -> bool:
        async with files.kept(db, SOUND):
            return await asyncio.to_thread(files.path(clip).exists)

    for _ in range(20):
        _, there = await asyncio.gather(files.drop(db, clip), file())
        assert there


async def test_a_refused_report_leaves_no_file_unless_another_has_it(
    files: ClipFiles, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="refused"):
        async with files.kept(db, SOUND) as clip:
            raise ValueError("refused")
    assert not files.path(clip).exists()
    with pytest.raises(ValueError, match="refused"):
        async with files.kept(db, SOUND), files.kept(db, SOUND):
            raise ValueError("refused")
    assert not files.path(clip).exists()

    async def another_has_it(connection: AsyncConnection, which: str) -> bool:
        return True

    monkeypatch.setattr(reports, "has_clip", another_has_it)
    with pytest.raises(ValueError, match="refused"):
        async with files.kept(db, SOUND) as clip:
            raise ValueError("refused")
    assert files.path(clip).exists()
