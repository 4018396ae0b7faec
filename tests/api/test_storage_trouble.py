"""A disk that is full, a file that another program holds, a file that is damaged: said, survived, and over when the trouble is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spacesctl.engine.messages import Redact
from spacesctl.server.http import readiness
from spacesctl.store.sqlite import database
from spacesctl.store.sqlite.trouble import reason_of
from tests.api.harness import Api, everything

pytestmark = pytest.mark.anyio


@contextmanager
def held(api: Api) -> Iterator[None]:
    """Another program has begun to write and does not end."""
    other = sqlite3.connect(api.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def full(api: Api) -> int:
    """From now on the file may not grow: SQLite itself says that the disk is full. Returns the limit of before."""
    async with api.database.begin() as db:
        before = (await db.exec_driver_sql("PRAGMA max_page_count")).scalar_one()
        pages = (await db.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    return int(before)


@pytest.fixture(autouse=True)
def always_anew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers about the database do not serve for a while."""
    if "at_once" not in request.node.name:
        monkeypatch.setattr(readiness, "FRESH", 0.0)


@pytest.fixture
async def impatient(api: Api) -> Api:
    """A server that waits for a lock for only a moment."""
    for connect in (api.database.begin, api.database.read):
        async with connect() as db:
            await db.exec_driver_sql("PRAGMA busy_timeout = 50")
    return api


async def test_a_disk_that_is_full_is_said_and_nothing_is_half_done(api: Api) -> None:
    host = await api.account("host")
    limit = await full(api)
    before = await everything(api)
    big = {"text": "x" * 280}
    answers = [await host.call("POST", "/v1/posts", big) for _ in range(60)]
    failed = [one for one in answers if one.status_code != 201]
    assert failed, "the file had room for all of it"
    assert {(one.status_code, one.json()["code"], one.json()["reason"]) for one in failed} == {
        (503, "unavailable", "disk_full")
    }
    written = len(answers) - len(failed)
    assert len((await everything(api))["posts"]) == len(before["posts"]) + written
    async with api.database.begin() as db:
        await db.exec_driver_sql(f"PRAGMA max_page_count = {limit}")
    assert (await host.call("POST", "/v1/posts", big)).status_code == 201, "it goes on by itself"


async def test_a_file_that_another_program_holds_is_said_and_readiness_says_it_too(impatient: Api) -> None:
    api = impatient
    host = await api.account("host")
    assert (await api.nobody.call("GET", "/readyz")).json()["checks"]["database"] == "ok"
    with held(api):
        answer = await host.call("POST", "/v1/posts", {"text": "hello"})
        assert (answer.status_code, answer.json()["reason"]) == (503, "database_locked")
        assert (await host.call("GET", "/v1/accounts/me")).status_code == 200, "readers do not wait"
        unready = await api.nobody.call("GET", "/readyz")
        assert (unready.status_code, unready.json()["checks"]["database"]) == (503, "database_locked")
        assert (await api.nobody.call("GET", "/healthz")).status_code == 200
    assert (await host.call("POST", "/v1/posts", {"text": "hello"})).status_code == 201
    assert (await api.nobody.call("GET", "/readyz")).json()["checks"]["database"] == "ok"


async def test_readiness_does_not_wait_for_ever(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    async with api.database.begin():
        unready = await api.nobody.call("GET", "/readyz")
    assert (unready.status_code, unready.json()["checks"]["database"]) == (503, "database_locked")


async def test_however_many_ask_for_readiness_at_once_the_database_is_asked_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    write = api.database.try_to_write

    async def counted() -> None:
        tries.append(1)
        await write()

    monkeypatch.setattr(api.database, "try_to_write", counted)
    answers = await asyncio.gather(*(api.nobody.call("GET", "/readyz") for _ in range(50)))
    assert {answer.json()["checks"]["database"] for answer in answers} == {"ok"}
    assert len(tries) == 1
    monkeypatch.setattr(readiness, "FRESH", 0.0)
    await api.nobody.call("GET", "/readyz")
    assert len(tries) == 2


async def test_the_test_of_a_write_changes_nothing(api: Api) -> None:
    before = await everything(api)
    for _ in range(3):
        assert (await api.nobody.call("GET", "/readyz")).json()["checks"]["database"] == "ok"
    assert await everything(api) == before


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, "disk_full"),
        (sqlite3.SQLITE_IOERR | 10 << 8, "disk_error"),
        (sqlite3.SQLITE_CORRUPT, "database_damaged"),
        (sqlite3.SQLITE_CANTOPEN, "database_unreachable"),
        (sqlite3.SQLITE_READONLY, "database_read_only"),
        (sqlite3.SQLITE_CONSTRAINT, None),
        (sqlite3.SQLITE_ERROR, None),
    ],
)
async def test_trouble_of_the_storage_is_told_from_errors_of_ours(code: int, reason: str | None) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    found = reason_of(error)
    assert (found[0] if found else None) == reason


async def test_an_error_of_ours_stays_one(api: Api) -> None:
    with pytest.raises(Exception, match="no such table") as raised:
        async with api.database.read() as db:
            await db.exec_driver_sql("SELECT * FROM nowhere")
    assert type(raised.value).__name__ == "OperationalError"


async def test_what_is_to_be_redacted_is_not_heard_though_the_disk_is_full(api: Api) -> None:
    host = await api.account("host")
    place = await api.live(host, delay=4)
    await api.speaker(place, host, "ann")
    actor = api.app.registry.actors[place.rpartition("/")[2]]
    actor.tick = 1000
    now = actor.now_tick()
    limit = await full(api)
    new = {"lane": 1, "from_tick": now - 50, "to_tick": now, "mode": "tone", "reason": "x" * 280}
    for _ in range(60):
        answer = await host.call("POST", f"{place}/redactions", new)
        if answer.status_code != 201:
            break
    assert (answer.status_code, answer.json()["reason"]) == (503, "disk_full")
    told = api.engine.of(Redact)[-1]
    assert (told.lane, told.first, told.last, told.mode) == (1, now - 50, now, "tone")
    assert actor.audience.masks.touches(1, now - 10, now - 10)
    async with api.database.begin() as db:
        await db.exec_driver_sql(f"PRAGMA max_page_count = {limit}")
    assert (await host.ok("POST", f"{place}/redactions", new))["state"] == "in_force"
