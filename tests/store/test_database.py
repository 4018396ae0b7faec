"""The database for real: concurrency, migration, what is stored of what."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Conflict, NotFound, Refused, Unavailable
from spacesctl.domain.words import Kind
from spacesctl.store import accounts, direct_messages
from spacesctl.store.sqlite import schema
from spacesctl.store.sqlite.database import Database
from spacesctl.store.sqlite.dry_run import DryRunDatabase
from spacesctl.store.tables import metadata
from spacesctl.support.clock import REAL

pytestmark = pytest.mark.anyio
DRIVER = "_connection_worker_thread"


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    schema.upgrade(tmp_path / "a.db")
    schema.upgrade(tmp_path / "a.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_concurrent_read_then_write_loses_nothing(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        async with db.begin() as connection:
            await connection.execute(text("CREATE TABLE n (v INTEGER)"))
            await connection.execute(text("INSERT INTO n VALUES (0)"))

        async def increment() -> None:
            async with db.begin() as connection:
                value = await connection.scalar(text("SELECT v FROM n"))
                await asyncio.sleep(0)
                await connection.execute(text("UPDATE n SET v = :v"), {"v": value + 1})

        await asyncio.gather(*(increment() for _ in range(20)))
        async with db.read() as connection:
            assert await connection.scalar(text("SELECT v FROM n")) == 20


async def test_an_exception_undoes_the_whole_transaction(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        with pytest.raises(ZeroDivisionError):
            async with db.begin() as connection:
                await accounts.add(connection, Account("1", "ann", "Ann", Kind.PERSON, REAL.now()))
                raise ZeroDivisionError
        async with db.read() as connection:
            with pytest.raises(NotFound):
                await accounts.get(connection, "@ann")


async def test_a_handle_is_taken_once_and_foreign_keys_hold(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        async with db.begin() as connection:
            await accounts.add(connection, Account("1", "ann", "Ann", Kind.PERSON, REAL.now()))
        with pytest.raises(Conflict):
            async with db.begin() as connection:
                await accounts.add(connection, Account("2", "ann", "Ann", Kind.PERSON, REAL.now()))
        with pytest.raises(Exception, match="FOREIGN KEY"):
            async with db.begin() as connection:
                await direct_messages.send_dm(connection, "1", "99", "hi", REAL.now())


async def test_a_block_ends_following_both_ways_and_holds_both_ways(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db, db.begin() as connection:
        for number, handle in (("1", "ann"), ("2", "ben")):
            await accounts.add(connection, Account(number, handle, handle, Kind.PERSON, REAL.now()))
        await accounts.follow(connection, "1", "2")
        await accounts.follow(connection, "2", "1")
        await accounts.block(connection, "1", "2", by="person", now=REAL.now())
        assert not await accounts.follows_account(connection, "1", "2")
        assert not await accounts.follows_account(connection, "2", "1")
        assert await accounts.block_between(connection, "2", "1")
        await accounts.unblock(connection, "1", "2")
        assert not await accounts.block_between(connection, "1", "2")


def test_an_older_schema_is_migrated_with_its_data_and_a_copy_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "spaces.db"
    old_schema(path, "0001")
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO accounts VALUES ('1', 'ann', 'Ann', 'person', 0)")
    schema.upgrade(path)
    schema.upgrade(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT handle FROM accounts").fetchall() == [("ann",)]
        assert raw.execute("SELECT count(*) FROM series").fetchone() == (0,)
    with sqlite3.connect(tmp_path / "spaces.before-0001.db") as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert raw.execute("SELECT handle FROM accounts").fetchall() == [("ann",)]


def old_schema(path: Path, revision: str) -> None:
    from alembic import command

    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), revision)
    engine.dispose()


@pytest.mark.parametrize("turns", range(0, 16, 3))
async def test_closing_waits_for_a_transaction_whose_task_was_canceled(tmp_path: Path, turns: int) -> None:
    async def look() -> None:
        async with db.read() as connection:
            await connection.execute(text("select 1"))

    before = asyncio.all_tasks()
    async with Database(tmp_path / "spaces.db") as db:
        await look()
        looking = [asyncio.create_task(look()) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in looking:
            task.cancel()
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


SLOW = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 3000000) SELECT max(v) FROM n"


@pytest.mark.parametrize("way", ["begin", "read", "dry_run"])
async def test_no_thread_of_the_driver_outlives_the_database_though_a_transaction_is_canceled(
    tmp_path: Path, way: str
) -> None:
    async with Database(tmp_path / "a.db") as db:

        async def transaction() -> None:
            async with getattr(db, way)() as connection:
                if isinstance(connection, DryRunDatabase):
                    async with connection.begin() as inside:
                        await inside.scalar(text(SLOW))
                else:
                    await connection.scalar(text(SLOW))

        task = asyncio.create_task(transaction())
        await asyncio.sleep(0.05)
        assert any(DRIVER in thread.name for thread in threading.enumerate())
        for _ in range(3):  # the second cancels the end that the first one began
            task.cancel()
            await asyncio.sleep(0.01)
        await asyncio.wait([task])
    assert [thread.name for thread in threading.enumerate() if DRIVER in thread.name] == []


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_bytes(b"no database " * 999), "database_damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:40_000]), "database_damaged"),
        (lambda path: path.write_bytes(b"XXXXXXXX" + path.read_bytes()[8:]), "database_damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "database_unreachable"),
    ],
    ids=["text", "cut", "another head", "a folder"],
)
def test_a_file_that_is_damaged_ends_the_start_with_a_reason(
    tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "spaces.db"
    schema.upgrade(path)
    damage(path)
    with pytest.raises(Unavailable) as raised:
        schema.upgrade(path)
    assert raised.value.reason == reason


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "spaces.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mails (id)")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(Refused, match="another program"):
        schema.upgrade(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "spaces.db").touch()
    schema.upgrade(tmp_path / "spaces.db")
    assert schema.inspect(tmp_path / "spaces.db")[1] == "ok"
