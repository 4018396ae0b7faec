"""A copy of the database as it is at one instant: what a dry run writes to, so that nobody waits for it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from spacesctl.domain.errors import Unavailable

IN_MEMORY = 64 << 20
"""Bytes of a database that is copied into memory: about 50 ms, beside which readers and the writer go on. A larger one is copied into a
file beside it."""
LARGEST = 4 << 30
"""Bytes of a database of which a copy is made at all; that takes seconds."""
LEFT = 256 << 20
"""Free bytes on the disk that a copy in a file leaves."""
PREFIX = "dry-run-"
"""Of the names of copies in files."""
AT_ONCE = 4
"""Copies at the same time; further dry runs wait for their turn."""


def size_of(path: Path) -> int:
    """Bytes of the database with its log. Blocks."""
    size = path.stat().st_size
    with suppress(FileNotFoundError):
        size += os.stat(f"{path}-wal").st_size
    return size


def private_copy(path: Path) -> sqlite3.Connection:
    """A connection to a new copy, which is gone when it is closed. Blocks. Raises Unavailable when there is no room for a copy.

    It reads as any reader does, in one step and so of one instant: it waits for no writer, also of another process.
    """
    size = size_of(path)
    copy = _in_memory() if size <= IN_MEMORY else _in_file(path, size)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
            source.backup(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


def _in_file(path: Path, size: int) -> sqlite3.Connection:
    if size > LARGEST or shutil.disk_usage(path.parent).free < size + LEFT:
        raise Unavailable(
            "there is no room for a copy of the database, in which this could be tried", reason="disk_full"
        )
    fd, name = tempfile.mkstemp(prefix=PREFIX, suffix=".db", dir=path.parent)
    os.close(fd)
    copy = sqlite3.connect(name, check_same_thread=False, factory=_Deleted)
    copy.path = Path(name)
    return copy


class _Deleted(sqlite3.Connection):
    """A connection whose file is deleted with it."""

    path: Path

    def close(self) -> None:
        super().close()
        _delete(self.path)


def tidy(folder: Path) -> None:
    """Delete the copies that a killed process left. Blocks."""
    for left in folder.glob(f"{PREFIX}*.db"):
        _delete(left)


def _delete(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{end}").unlink(missing_ok=True)
