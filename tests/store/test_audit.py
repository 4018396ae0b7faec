"""The audit log: a chain for each Space and one for the server, which show what was removed, rewritten or cut off."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from spacesctl.domain.principals import Person, Principal, Rule, System, described
from spacesctl.store import audit, audit_check
from spacesctl.store.audit import Entry
from spacesctl.store.audit_check import Broken
from spacesctl.store.sqlite import schema
from spacesctl.store.sqlite.database import Database
from spacesctl.support.clock import REAL
from tests.store.test_database import old_schema

pytestmark = pytest.mark.anyio
A, B = "A" * 13, "B" * 13
DONE = [
    ("space.create", Person("1"), A),
    ("mute", Rule("pitch", "1", "9"), A),
    ("token.create", Person("1"), None),
    ("space.create", Person("2"), B),
    ("space.end", System("duration"), A),
]


async def written(path: Path) -> str:
    """Entries of two Spaces and the server, and the hash over all heads."""
    async with Database(path) as db, db.begin() as connection:
        for action, by, space_id in DONE:
            await audit.append(connection, Entry(action, by, space_id), REAL.now())
        return await audit_check.head(connection)


async def verified(path: Path) -> tuple[Broken | None, str]:
    async with Database(path) as db, db.read() as connection:
        return (await audit_check.check(connection)).broken, await audit_check.head(connection)


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as raw:
        for statement in statements:
            assert raw.execute(statement).rowcount >= 1, statement


async def test_each_space_has_a_chain_of_its_own_whose_entries_say_who_acted(tmp_path: Path) -> None:
    head = await written(tmp_path / "a.db")
    assert await verified(tmp_path / "a.db") == (None, head)
    with sqlite3.connect(tmp_path / "a.db") as raw:
        rows = raw.execute("SELECT chain, seq, action, principal FROM audit_entries ORDER BY chain, seq").fetchall()
    assert [(chain, seq, action) for chain, seq, action, _ in rows] == [
        (A, 1, "chain.begin"),
        (A, 2, "space.create"),
        (A, 3, "mute"),
        (A, 4, "space.end"),
        (B, 1, "chain.begin"),
        (B, 2, "space.create"),
        ("server", 1, "chain.begin"),
        ("server", 2, "token.create"),
    ]
    assert json.loads(rows[2][3]) == {"kind": "rule", "id": "pitch", "for_host": "1", "bot_id": "9"}
    assert json.loads(rows[3][3]) == {"kind": "system", "reason": "duration"}


@pytest.mark.parametrize(
    ("statement", "chain", "seq"),
    [
        (f"DELETE FROM audit_entries WHERE chain = '{A}' AND seq = 2", A, 3),
        (f"DELETE FROM audit_entries WHERE chain = '{A}' AND seq = 4", A, None),
        ("DELETE FROM audit_entries WHERE chain = 'server'", "server", None),
        (f"DELETE FROM audit_heads WHERE chain = '{B}'", B, None),
        (f"UPDATE audit_entries SET action = 'kick' WHERE chain = '{A}' AND seq = 3", A, 3),
        (f"UPDATE audit_entries SET principal = '{{}}' WHERE chain = '{B}' AND seq = 2", B, 2),
        (f"UPDATE audit_entries SET body = '{{}}' WHERE chain = '{B}' AND seq = 1", B, 1),
        (f"UPDATE audit_entries SET at = at + 1 WHERE chain = '{A}' AND seq = 2", A, 2),
    ],
)
async def test_what_was_done_to_a_chain_is_found_where_it_was_done(
    tmp_path: Path, statement: str, chain: str, seq: int | None
) -> None:
    path = tmp_path / "a.db"
    head = await written(path)
    with sqlite3.connect(path) as raw:
        ids = {(c, s): i for c, s, i in raw.execute("SELECT chain, seq, id FROM audit_entries").fetchall()}
    change(path, statement)
    broken, _ = await verified(path)
    assert broken == (Broken("tail", chain) if seq is None else Broken("entry", chain, ids[chain, seq]))
    assert head


async def test_whoever_kept_the_head_sees_that_a_tail_was_cut_with_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    head = await written(path)
    change(
        path,
        f"DELETE FROM audit_entries WHERE chain = '{A}' AND seq = 4",
        f"UPDATE audit_heads SET seq = 3, hash = (SELECT hash FROM audit_entries WHERE chain = '{A}' AND seq = 3) "
        f"WHERE chain = '{A}'",
    )
    broken, now = await verified(path)
    assert broken is None, "the chain alone cannot show it"
    assert now != head


def closed_log(path: Path) -> str:
    """The log of a version that had one chain, with two entries; its last hash."""
    old_schema(path, "0006")
    prev = "0" * 64
    with sqlite3.connect(path) as raw:
        for action in ("account.create", "block"):
            fields: list[object] = [prev, "1970-01-01T00:00:00.000Z", action, "1", None, "2", {}]
            digest = hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
            raw.execute(
                "INSERT INTO audit (at, actor_id, action, space_id, target_id, body, prev, hash) VALUES (0, '1', ?, NULL, '2', '{}', ?, ?)",
                (action, prev, digest),
            )
            prev = digest
    return prev


async def test_the_chain_of_before_is_closed_as_it_was_and_each_new_one_names_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    last = await asyncio.to_thread(closed_log, path)
    with sqlite3.connect(path) as raw:
        before = raw.execute("SELECT * FROM audit").fetchall()
    await asyncio.to_thread(schema.upgrade, path)
    await written(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT * FROM audit").fetchall() == before
        bodies = raw.execute("SELECT body FROM audit_entries WHERE seq = 1").fetchall()
    assert [json.loads(body)["closed"] for (body,) in bodies] == [last] * 3
    assert (await verified(path))[0] is None


async def test_entries_are_listed_newest_first_across_the_closed_chain(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await asyncio.to_thread(closed_log, path)
    await asyncio.to_thread(schema.upgrade, path)
    await written(path)
    async with Database(path) as db, db.read() as connection:
        whole = await audit.page(connection, space_ids=None, actor_id=None, before=None, limit=100)
        pages, before = [], None
        while rows := await audit.page(connection, space_ids=None, actor_id=None, before=before, limit=3):
            pages += rows
            before = rows[-1].id
        mine = await audit.page(connection, space_ids={A}, actor_id="1", before=None, limit=100)
    assert [row.id for row in whole] == [row.id for row in pages] == sorted({row.id for row in whole}, reverse=True)
    assert [row.action for row in whole[-2:]] == ["block", "account.create"]
    assert {row.action for row in mine} == {
        "space.create", "mute", "token.create", "space.end", "chain.begin", "block", "account.create",
    }  # fmt: skip


@pytest.mark.parametrize("statement", ["DELETE FROM audit WHERE id = 2", "UPDATE audit SET action = 'x' WHERE id = 1"])
async def test_a_change_to_the_closed_chain_is_found(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "a.db"
    await asyncio.to_thread(closed_log, path)
    await asyncio.to_thread(schema.upgrade, path)
    await written(path)
    change(path, statement)
    broken, _ = await verified(path)
    assert broken is not None, "a cut tail no longer fits what the new chains name"


@pytest.mark.parametrize("by", [Person("1"), Rule("r", "1", "2"), System("schedule")])
def test_who_acted_is_never_nobody(by: Principal) -> None:
    assert described(by)["kind"] in ("person", "rule", "system")
