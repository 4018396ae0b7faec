"""What the store is for those above it: transactions. Repositories (one module a noun) take the connection of one.

`store/sqlite/` implements it. Another database gets a folder beside that one; the repositories are the same.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Database(Protocol):
    """Where all transactions begin."""

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A writing transaction: leaving it commits, an exception rolls back. Raises Unavailable for trouble of the storage."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A reading transaction. Readers never wait for a writer."""

    async def try_to_write(self) -> None:
        """Write and commit something that changes nothing. Raises Unavailable when that does not work now."""

    async def forget_deleted(self) -> None:
        """Leave nothing in the files of what was deleted. Raises Unavailable when that must be tried again."""

    def dry_run(self) -> AbstractAsyncContextManager[Database]:
        """A database whose writes can be read in it, and are rolled back at the end."""
