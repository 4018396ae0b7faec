"""The database: one SQLite file. All transactions begin here.

WAL mode, with `BEGIN IMMEDIATE` for each writing transaction: a deferred one that reads and then writes fails, or loses
an update, as soon as two of them overlap. `synchronous=NORMAL` survives the process being killed; a power cut may lose
the last commits.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from spacesctl.domain.errors import Unavailable
from spacesctl.store import private_files
from spacesctl.store.sqlite import private_copy, schema, trouble
from spacesctl.store.sqlite.driver import Connection
from spacesctl.store.sqlite.dry_run import DryRunDatabase

BUSY_TIMEOUT_MS = 5_000
PATIENCE = 2.0
"""Seconds that the test of a write may take: the server is not ready then."""
LAST_WORDS = 5.0
"""Seconds that open transactions have to end when the database is closed."""


class Database:
    """`async with Database(path) as db: async with db.begin() as connection: ...`

    Leaving `begin` commits, an exception rolls back. `read` is for queries only: readers never wait for a writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine: AsyncEngine | None = None
        self._readers: AsyncEngine | None = None
        self._copies: AsyncEngine | None = None
        # Writers queue here, in order, rather than in SQLite's busy handler, which sleeps and polls.
        self._writing = asyncio.Lock()
        self._copying = asyncio.Semaphore(private_copy.AT_ONCE)
        self._connections = list[Connection]()
        self._open_transactions = 0
        self._all_ended = asyncio.Event()

    async def __aenter__(self) -> Database:
        await asyncio.to_thread(self._prepare)
        return self

    def _prepare(self) -> None:
        private_copy.tidy(self.path.parent)
        with suppress(OSError):  # SQLite says what is wrong
            private_files.create(self.path)
        schema.upgrade(self.path)
        connect = partial(sqlite3.connect, self.path, check_same_thread=False)
        self._engine = self._open("BEGIN IMMEDIATE", connect, pool_size=1, max_overflow=0)
        self._readers = self._open("BEGIN", connect, pool_size=3, max_overflow=0)
        copy = partial(private_copy.private_copy, self.path)
        self._copies = self._open("BEGIN IMMEDIATE", copy, poolclass=NullPool)

    def _open(self, begin: str, connect: Callable[[], sqlite3.Connection], **pool: Any) -> AsyncEngine:
        creator = partial(self._connect, connect)
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}", async_creator=creator, **pool)
        event.listen(engine.sync_engine, "connect", _on_connect)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    async def _connect(self, connect: Callable[[], sqlite3.Connection]) -> Connection:
        connection = Connection(connect)
        self._connections = [one for one in self._connections if one.is_alive] + [connection]
        await connection
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A transaction whose task was canceled still has to close its connection; wait for that.
        if self._open_transactions:
            self._all_ended.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), LAST_WORDS)
        for engine in (self._engine, self._readers, self._copies):
            if engine is not None:
                await engine.dispose()
        for connection in self._connections:
            await connection.ended(LAST_WORDS)
        self._engine = self._readers = self._copies = None

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
        """A writing transaction. Waits for earlier writers. Raises Unavailable when the disk is full, the file locked and so on, and
        RuntimeError when the database is not open.
        """
        if self._engine is None:
            raise RuntimeError("the database is not open")
        with self._counted(), trouble.told():
            async with self._writing, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction. Raises Unavailable for trouble of the storage, and RuntimeError when the database is not open."""
        if self._readers is None:
            raise RuntimeError("the database is not open")
        with self._counted(), trouble.told():
            async with self._readers.begin() as connection:
                yield connection

    async def try_to_write(self) -> None:
        """Write and commit a page that says the same as before. Raises Unavailable when that does not work within `PATIENCE`."""
        try:
            async with asyncio.timeout(PATIENCE), self.begin() as connection:
                version = await connection.scalar(text("PRAGMA user_version"))
                await connection.exec_driver_sql(f"PRAGMA user_version = {int(version or 0)}")
        except TimeoutError as error:
            raise Unavailable("the database is busy", reason="database_locked") from error

    async def forget_deleted(self) -> None:
        """Empty the write-ahead log, in which what was deleted stands until it is written over. Raises Unavailable while somebody still
        reads what was there before."""
        with trouble.told():
            async with self._writing:
                busy = await asyncio.to_thread(self._empty_log)
            if busy:
                raise Unavailable("the database is being read", reason="database_locked")

    def _empty_log(self) -> bool:
        """Whether somebody was in the way. With a connection of its own: those of the pools are always in a transaction."""
        with closing(sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
            busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return bool(busy)

    @asynccontextmanager
    async def dry_run(self) -> AsyncIterator[DryRunDatabase]:
        """A database for a dry run: what is written in it can be read in it, and is gone at the end.

        It is a copy, so that writers do not wait. Raises Unavailable when there is no room for one.
        """
        if self._copies is None:
            raise RuntimeError("the database is not open")
        with self._counted(), trouble.told():
            async with self._copying, self._copies.connect() as connection:
                yield DryRunDatabase(connection)


def _on_connect(connection: Any, record: Any) -> None:
    # The driver itself would begin transactions late and deferred; SQLAlchemy's begin event does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(
        "PRAGMA secure_delete=ON"
    )  # what is deleted is written over with zeros; some systems' SQLite does so anyway
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()
