"""The database: one file, one place where transactions begin.

SQLite in WAL mode, with `BEGIN IMMEDIATE` for every transaction: a deferred one that reads and then writes fails, or loses an update,
as soon as two of them meet. `synchronous=NORMAL` survives the process being killed; a power cut may lose the last commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from spacesctl.store import schema
from spacesctl.store.driver import Connection

BUSY_TIMEOUT_MS = 5_000
LAST_WORDS = 5.0
"""Seconds that transactions have to end when the database is closed."""


class Database:
    """`async with Database(path) as db: async with db.begin() as connection: ...`

    Leaving `begin` commits, an exception rolls back. `read` is for looking only: readers never wait for a writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine: AsyncEngine | None = None
        self._readers: AsyncEngine | None = None
        # Writers queue here, in order, and not in SQLite's busy handler, which sleeps and polls.
        self._writing = asyncio.Lock()
        self._connections = list[Connection]()
        self._open_transactions = 0
        self._all_ended = asyncio.Event()

    async def __aenter__(self) -> Database:
        await asyncio.to_thread(self._prepare)
        return self

    def _prepare(self) -> None:
        schema.upgrade(self.path)
        self._engine = self._open("BEGIN IMMEDIATE", pool_size=1)
        self._readers = self._open("BEGIN", pool_size=3)

    def _open(self, begin: str, *, pool_size: int) -> AsyncEngine:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{self.path}", async_creator=self._connect, pool_size=pool_size, max_overflow=0
        )
        event.listen(engine.sync_engine, "connect", _on_connect)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    async def _connect(self) -> Connection:
        connection = Connection(self.path)
        self._connections = [one for one in self._connections if one.is_alive] + [connection]
        await connection
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A transaction whose task was canceled still closes its connection, and must get to do so.
        if self._open_transactions:
            self._all_ended.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), LAST_WORDS)
        for engine in (self._engine, self._readers):
            if engine is not None:
                await engine.dispose()
        for connection in self._connections:
            await connection.ended(LAST_WORDS)
        self._engine = self._readers = None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._open_transactions += 1
        try:
            yield
        finally:
            self._open_transactions -= 1
            if not self._open_transactions:
                self._all_ended.set()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        with self._counted():
            async with self._writing, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        if self._readers is None:
            raise RuntimeError("the database is not open")
        with self._counted():
            async with self._readers.begin() as connection:
                yield connection

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[DryRunDatabase]:
        """The database as if: what is written in it is read back in it, and gone when it ends. Other writers wait meanwhile."""
        if self._engine is None:
            raise RuntimeError("the database is not open")
        with self._counted():
            async with self._writing, self._engine.connect() as connection:
                # Closed without a commit, so all of it is rolled back.
                yield DryRunDatabase(self.path, connection)


class DryRunDatabase(Database):
    """One transaction that looks like a database: `begin` is a savepoint of it."""

    def __init__(self, path: Path, connection: AsyncConnection) -> None:
        super().__init__(path)
        self._connection = connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        async with self._writing, self._connection.begin_nested():
            yield self._connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection


def _on_connect(connection: Any, record: Any) -> None:
    # The driver's own transaction handling begins late and deferred; SQLAlchemy's begin event takes over.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()
