"""`Idempotency-Key` on creates: the same key with the same request does it once and returns the same answer.

Of several such requests at the same time one does it, and the others wait for its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store import idempotency
from spacesctl.store.idempotency import KeptAnswer
from spacesctl.store.ports import Database

Made = TypeVar("Made")
Keep = Callable[[AsyncConnection, Made, datetime], Awaitable[None]]
"""Stores the answer under its key, in the transaction of what was made."""


class Once:
    """One create request of an account: `request` is a digest of what it asks for, `key` is None for a request without one."""

    def __init__(self, account_id: str, key: str | None, request: str) -> None:
        self._account_id = account_id
        self._key = key
        self._request = request

    @property
    def name(self) -> tuple[str, str] | None:
        """What requests with the same key share; None without a key."""
        return None if self._key is None else (self._account_id, self._key)

    async def answered(self, db: AsyncConnection) -> KeptAnswer | None:
        """The answer of the earlier request, or None. Raises Conflict when the key was used for another one."""
        if self._key is None:
            return None
        return await idempotency.recall(db, self._account_id, self._key, self._request)

    async def keep(self, db: AsyncConnection, now: datetime, status: int, answer: object) -> None:
        """Store the answer, as JSON values, in the transaction of what was created. It contains no secret: it is stored in plain text."""
        if self._key is not None:
            await idempotency.remember(db, self._account_id, self._key, self._request, status, answer, now)

    def keeping(self, shown: Callable[[Made], object]) -> Keep[Made]:
        """What a create calls to keep its answer, as `shown` makes it."""

        async def keep(db: AsyncConnection, made: Made, now: datetime) -> None:
            await self.keep(db, now, 201, shown(made))

        return keep


class InFlight:
    """The keys of requests that are being handled."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, db: Database, once: Once) -> AsyncIterator[KeptAnswer | None]:
        """Hold back further requests with the same key. Yields the answer of an earlier one, or None: then this one does it."""
        if once.name is None:
            yield None
            return
        lock = self._locks.setdefault(once.name, asyncio.Lock())
        async with lock:
            async with db.read() as connection:
                answer = await once.answered(connection)
            yield answer
