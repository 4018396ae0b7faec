"""Rows as frozen dataclasses, whose fields are named as the columns of the query."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


async def all_as(db: AsyncConnection, query: Select[*tuple[object, ...]], kind: type[T]) -> list[T]:
    """All rows of the query."""
    return [kind(**row._mapping) for row in await db.execute(query)]


async def one_as(db: AsyncConnection, query: Select[*tuple[object, ...]], kind: type[T]) -> T | None:
    """The row of the query, or None."""
    row = (await db.execute(query)).one_or_none()
    return None if row is None else kind(**row._mapping)
