"""The connections to SQLite that the database opens: aiosqlite's, which may be stopped twice, and whose threads are waited for.

When a task is canceled that uses a connection, SQLAlchemy closes it in order; when that is canceled too, it stops it at once. With
aiosqlite's own the first of the two then waits for ever for a thread that has gone, or the thread answers to a loop that is closed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Final

import aiosqlite

CHUNK: Final = 64
"""Rows that are taken from the thread at once."""


class Connection(aiosqlite.Connection):
    """One connection and its thread. `await` opens it."""

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: sqlite3.connect(path, check_same_thread=False), CHUNK)
        self._thread.daemon = True  # as SQLAlchemy has it: a process that is told to end does not wait for a query
        self._stopping: asyncio.Future[None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stop(self) -> asyncio.Future[None] | None:
        """End the thread when it has done what it was given; what is waited for is the same, however often this is called."""
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping

    async def ended(self, within: float) -> None:
        """Wait until the thread has said its last word, but no longer than so many seconds."""
        await asyncio.to_thread(self._thread.join, within)
