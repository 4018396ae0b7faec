"""The files that a database names: evidence, voice clips and closed recordings, with what is known of their content."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from spacesctl.domain.errors import Invalid
from spacesctl.store.folder import CLIPS, EVIDENCE, RECORDINGS


@dataclass(frozen=True)
class NamedFile:
    """A file by its path in the data folder. `sha256` (hex) and `bytes` are None where the database does not know them."""

    name: str
    sha256: str | None = None
    bytes: int | None = None

    @property
    def folder(self) -> str:
        """`evidence`, `clips` or `recordings`."""
        return self.name.partition("/")[0]


def named_files(database: Path) -> list[NamedFile]:
    """All files that must be there. Reads the file alone, which nobody else may write meanwhile. Raises sqlite3.Error, and Invalid when
    it is a database of something else."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        if not _has(db, "reports"):
            raise Invalid(database.name, "is not a database of spacesctl")
        return [*_evidence(db), *_clips(db), *_recordings(db)]


def _evidence(db: sqlite3.Connection) -> Iterator[NamedFile]:
    for (digest,) in db.execute("SELECT DISTINCT clip FROM reports WHERE clip IS NOT NULL"):
        yield NamedFile(f"{EVIDENCE}/{digest}.ogg", digest)


def _clips(db: sqlite3.Connection) -> Iterator[NamedFile]:
    if _has(db, "clips"):
        for clip_id, size in db.execute("SELECT id, bytes FROM clips"):
            yield NamedFile(f"{CLIPS}/{clip_id}.ogg", None, size)


def _recordings(db: sqlite3.Connection) -> Iterator[NamedFile]:
    if _has(db, "recordings"):
        for recording_id, files in db.execute("SELECT id, files FROM recordings WHERE files IS NOT NULL"):
            for one in json.loads(files):
                yield NamedFile(f"{RECORDINGS}/{recording_id}/{one['name']}", one["sha256"], one["bytes"])


def _has(db: sqlite3.Connection, table: str) -> bool:
    """Whether a database, perhaps of an earlier version, has this table."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone() is not None
