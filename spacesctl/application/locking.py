"""Transactions over Spaces that have to be found first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.live.transaction import Transaction

Find = Callable[[AsyncConnection], Awaitable[Iterable[str]]]


@asynccontextmanager
async def over(app: App, find: Find, *space_ids: str) -> AsyncIterator[Transaction]:
    """A transaction over the Spaces that `find` finds, and the given ones.

    Spaces are locked before the database is, so they are found twice: should there be another one in the transaction, it begins anew.
    """
    while True:
        async with app.db.read() as db:
            ids = {*space_ids, *await find(db)}
        async with app.registry.transaction(*ids) as tx:
            if not ids.issuperset(await find(tx.db)):
                continue
            yield tx
            return
