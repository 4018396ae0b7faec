"""Writes that depend on whether a row is there, in the SQL of every database. They need a transaction that holds the write lock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, exists, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_new(db: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless there is one with its primary key; whether it was inserted."""
    there = exists().where(and_(*(column == row[column.name] for column in table.primary_key)))
    values = select(*(literal(value, table.c[name].type) for name, value in row.items())).where(~there)
    done = await db.execute(insert(table).from_select(list(row), values))
    return done.rowcount == 1


async def put(db: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row, or replace the one with its primary key."""
    same = and_(*(column == row[column.name] for column in table.primary_key))
    done = await db.execute(update(table).where(same).values(row))
    if done.rowcount == 0:
        await db.execute(insert(table).values(row))
