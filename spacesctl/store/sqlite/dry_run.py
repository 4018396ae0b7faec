"""One transaction with the interface of a database, which is never committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection


class DryRunDatabase:
    """A `store.ports.Database` over one transaction: each `begin` is a savepoint in it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A savepoint of the transaction."""
        async with self._writing, self._connection.begin_nested():
            yield self._connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """The transaction itself, with what was written in it."""
        yield self._connection

    async def try_to_write(self) -> None:
        """A dry run says nothing about the storage."""

    async def forget_deleted(self) -> None:
        """A dry run has deleted nothing."""

    @asynccontextmanager
    async def dry_run(self) -> AsyncIterator[DryRunDatabase]:
        """A dry run within a dry run is the same one."""
        yield self
