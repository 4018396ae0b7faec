"""Backup of a data folder into one file, while the server may run.

The archive (tar, gzip) holds `spaces.db` (a consistent snapshot by SQLite's backup API), the evidence clips, the voice clips, the
recordings, `secret.key` (webhook signing secrets are derived from it), and last `backup.json`: the size and SHA-256 of each file, what was
left out, and what was missing. Of tokens it holds only hashes; the owner's token file is left out.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol

from pydantic import TypeAdapter

from spacesctl.domain.errors import NotFound, Refused, Unavailable
from spacesctl.store import private_files
from spacesctl.store.folder import CLIPS, DATABASE, EVIDENCE, KEY, RECORDINGS
from spacesctl.store.sqlite import trouble
from spacesctl.store.sqlite.named_files import named_files

MANIFEST: Final = "backup.json"


@dataclass(frozen=True)
class Packed:
    """A file of the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The last member. `without` are folders that were left out on purpose; `missing` are files that the database names and that were not
    in the data folder: they were deleted while the backup ran, or lost before."""

    files: dict[str, Packed]
    without: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


MANIFESTS: Final = TypeAdapter(Manifest)
"""Reads and writes it as JSON."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Hashing:
    """Reads at most `size` bytes of a file, and hashes what it reads."""

    def __init__(self, file: _Readable, size: int) -> None:
        self._file = file
        self._left = size
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self._digest.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of what was read so far, in hex."""
        return self._digest.hexdigest()


def snapshot(database: Path, target: Path) -> None:
    """Copy a database that may be in use. The copy is consistent."""
    private_files.create(target)
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def backup(data: Path, archive: Path, *, recordings: bool = True) -> Manifest:
    """Write `archive`, never over an existing file; returns its manifest. Raises NotFound, Refused, or
    Unavailable when the database cannot be read or the archive not written."""
    if not (data / DATABASE).is_file():
        error = NotFound("data folder", str(data))
        error.hint = "give it with --data"
        raise error
    if archive.exists():
        raise Refused("exists", f"{archive} exists already")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=archive.parent) as folder, trouble.told():
            part = Path(folder) / "archive"
            manifest = _write(data, part, recordings)
            part.replace(archive)
    except OSError as error:
        raise Unavailable(f"{archive} cannot be written: {error.strerror or error}") from error
    return manifest


def _write(data: Path, part: Path, recordings: bool) -> Manifest:
    packed: dict[str, Packed] = {}
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        copy = Path(folder) / DATABASE
        snapshot(data / DATABASE, copy)
        part.touch(mode=0o600)
        with tarfile.open(part, "w:gz") as tar:
            # The snapshot comes first. A clip is written before the report that refers to it, so it exists by now.
            packed[DATABASE] = _add(tar, copy, DATABASE)
            for path in _files(data, recordings):
                name = str(path.relative_to(data))
                try:
                    packed[name] = _add(tar, path, name)
                except FileNotFoundError:  # deleted in the meantime, or there is no key yet
                    continue
            named = [one for one in named_files(copy) if recordings or one.folder != RECORDINGS]
            manifest = Manifest(
                packed, [] if recordings else [RECORDINGS], sorted({one.name for one in named} - packed.keys())
            )
            text = MANIFESTS.dump_json(manifest)
            info = tarfile.TarInfo(MANIFEST)
            info.size = len(text)
            tar.addfile(info, BytesIO(text))
    return manifest


def _files(data: Path, recordings: bool) -> Iterator[Path]:
    yield data / KEY
    for folder in (EVIDENCE, CLIPS):
        yield from sorted((data / folder).glob("*.ogg"))
    if recordings:
        yield from sorted((data / RECORDINGS).glob("*/*.ogg"))


def _add(tar: tarfile.TarFile, path: Path, name: str) -> Packed:
    """Add a file as long as it is now: a recording may be growing. Raises FileNotFoundError."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        reading = Hashing(file, info.size)
        tar.addfile(info, reading)
        return Packed(info.size, reading.sha256)
