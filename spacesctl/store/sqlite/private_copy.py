"""A copy of the database in memory, as it is at one instant: what a dry run writes to, so that nobody waits for it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

LARGEST = 64 << 20
"""Bytes of a database that is copied: about 50 ms, beside which readers and the writer go on."""
AT_ONCE = 4
"""Copies at the same time; further dry runs wait for their turn."""


def is_small(path: Path) -> bool:
    """Whether the database is copied. Blocks."""
    size = path.stat().st_size
    with suppress(FileNotFoundError):
        size += os.stat(f"{path}-wal").st_size
    return size <= LARGEST


def private_copy(path: Path) -> sqlite3.Connection:
    """A connection to a new copy, which is gone when it is closed. Blocks.

    It reads as any reader does, in one step and so of one instant: it waits for no writer, also of another process.
    """
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
        source.backup(copy)
    return copy
