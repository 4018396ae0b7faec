"""The SQLite connections of the database: those of aiosqlite, but `stop` may be called twice and their threads can be
joined.

When a task that uses a connection is canceled, SQLAlchemy closes the connection; when that is canceled too, it stops
the connection at once. With plain aiosqlite, the close would then wait for ever for a thread that has ended, or the
thread would call a closed event loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Final

import aiosqlite

CHUNK: Final = 64
"""Rows that are fetched from the thread at a time."""


class Connection(aiosqlite.Connection):
    """One connection and its thread. `await` opens it, by calling `connect` in the thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, CHUNK)
        self._thread.daemon = True  # as in SQLAlchemy: a process that ends does not wait for a query
        self._stopping: asyncio.Future[None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stop(self) -> asyncio.Future[None] | None:
        """End the thread after its queued work. Further calls return the same future."""
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping

    async def ended(self, within: float) -> None:
        """Wait until the thread has ended, for at most `within` seconds."""
        await asyncio.to_thread(self._thread.join, within)
