"""What reading the audit log again finds: each flip, removal and swap, and with checkpoints a cut tail, a rewriting and an old backup."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from spacesctl.domain.principals import Person, Principal, Rule, System
from spacesctl.store import audit, audit_check
from spacesctl.store.audit import Entry, Head
from spacesctl.store.audit_check import Broken, Found, Noted
from spacesctl.store.checkpoints import FILE, Checkpoint, Checkpoints
from spacesctl.store.sqlite.database import Database
from spacesctl.support.clock import REAL
from tests.store.test_audit import change

pytestmark = pytest.mark.anyio
A, B = "A" * 13, "B" * 13
DONE = [
    ("space.create", Person("1"), A),
    ("mute", Rule("pitch", "1", "9"), A),
    ("token.create", Person("1"), None),
    ("space.create", Person("2"), B),
    ("kick", Person("1"), A),
    ("space.end", System("duration"), A),
]
COLUMNS = ("at", "principal", "actor_id", "action", "target_id", "body", "prev", "hash", "seq", "chain", "id")


async def write(path: Path, done: Sequence[tuple[str, Principal, str | None]] = DONE) -> None:
    async with Database(path) as db, db.begin() as connection:
        for number, (action, by, space_id) in enumerate(done):
            await audit.append(connection, Entry(action, by, space_id, f"t{number}", {"number": number}), REAL.now())


async def checked(path: Path, marks: list[Checkpoint] | None = None, noted: Noted | None = None) -> Found:
    async with Database(path) as db, db.read() as connection:
        return await audit_check.check(connection, marks or [], noted)


async def marked(path: Path, kept: Checkpoints) -> None:
    """A checkpoint of every chain."""
    async with Database(path) as db, db.begin() as connection:
        due = await audit.unmarked(connection, 1)
        await audit.mark(connection, due)

    def keep() -> None:
        kept.append([kept.sign(Checkpoint(chain=one.chain, count=one.count, head=one.hash, at="")) for one in due])

    await asyncio.to_thread(keep)


def rows(path: Path) -> list[dict[str, object]]:
    with sqlite3.connect(path) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute("SELECT * FROM audit_entries ORDER BY id")]


def flipped(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, int):
        return value + 1_000
    text = str(value)
    return text[:-2] + ("x" if text[-2:-1] != "x" else "y") + text[-1:] if len(text) > 1 else "xy"


async def broken_by(path: Path, statements: list[tuple[str, tuple[object, ...]]]) -> list[str]:
    """Which of these changes, each alone, reading the log again does not find."""
    missed = []
    async with Database(path) as db:
        for statement, values in statements:
            async with db.begin() as connection:
                await connection.exec_driver_sql(statement, values)
                if (await audit_check.check(connection)).broken is None:
                    missed.append(f"{statement} {values}")
                await connection.rollback()
    return missed


async def test_every_single_flipped_entry_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await write(path)
    newest = {row["chain"]: row["id"] for row in rows(path)}
    flips: list[tuple[str, tuple[object, ...]]] = [
        (f"UPDATE audit_entries SET {column} = ? WHERE id = ?", (flipped(row[column]), row["id"]))
        for row in rows(path)
        for column in COLUMNS
        if column != "id" or row["id"] != newest[row["chain"]]  # nothing says which of two chains was first
    ]
    assert len(flips) > 90
    assert await broken_by(path, flips) == []


async def test_every_single_removed_entry_and_head_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await write(path)
    gone: list[tuple[str, tuple[object, ...]]] = [
        ("DELETE FROM audit_entries WHERE id = ?", (row["id"],)) for row in rows(path)
    ]
    gone += [("DELETE FROM audit_heads WHERE chain = ?", (chain,)) for chain in (A, B, "server")]
    assert await broken_by(path, gone) == []


async def test_every_two_swapped_entries_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await write(path)
    held = ("at", "principal", "actor_id", "action", "target_id", "body", "prev", "hash")
    swap = ", ".join(
        f"{one} = (SELECT other.{one} FROM before AS other WHERE other.id = ? + ? - audit_entries.id)" for one in held
    )
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE before AS SELECT * FROM audit_entries")
    ids = [row["id"] for row in rows(path)]
    swaps: list[tuple[str, tuple[object, ...]]] = [
        (f"UPDATE audit_entries SET {swap} WHERE id IN (?, ?)", (*(first, second) * (len(held) + 1),))
        for number, first in enumerate(ids)
        for second in ids[number + 1 :]
    ]
    assert len(swaps) == len(ids) * (len(ids) - 1) // 2
    assert await broken_by(path, swaps) == []


def cut(path: Path) -> None:
    """Take the last entry of a chain away, with its head: the chain alone cannot show it."""
    before = f"(SELECT hash FROM audit_entries WHERE chain = '{A}' AND seq = 4)"
    change(
        path,
        f"DELETE FROM audit_entries WHERE chain = '{A}' AND seq = 5",
        f"UPDATE audit_heads SET seq = 4, hash = {before} WHERE chain = '{A}'",
    )


def rewrite(path: Path) -> None:
    """Write the whole log anew, with right hashes, without what a rule did."""
    path.unlink()
    asyncio.run(write(path, [one for one in DONE if not isinstance(one[1], Rule)]))


def restore(path: Path) -> None:
    """The backup of before."""
    shutil.copy(path.with_suffix(".old"), path)


@pytest.mark.parametrize("deed", [cut, rewrite, restore])
async def test_what_no_chain_can_show_checkpoints_and_noted_heads_do(
    tmp_path: Path, deed: Callable[[Path], None]
) -> None:
    path, kept = tmp_path / "a.db", Checkpoints(tmp_path / "audit")
    await write(path, DONE[:3])
    await asyncio.to_thread(shutil.copy, path, path.with_suffix(".old"))
    await write(path, DONE[3:])
    await marked(path, kept)
    whole = await checked(path)
    assert whole.broken is None
    ends = {str(row["chain"]): row for row in rows(path)}
    noted = [Noted(None, int(whole.head.split(":")[0]), whole.head.split(":")[1])]
    noted += [Noted(chain, int(str(row["seq"])), str(row["hash"])) for chain, row in ends.items() if chain == A]
    marks, bad = await asyncio.to_thread(kept.read)
    assert (len(marks), bad) == (3, None)
    for one in noted:
        assert (await checked(path, marks, one)).broken is None, one
    await asyncio.to_thread(deed, path)
    assert (await checked(path)).broken is None, "the chains alone cannot show it"
    found = (await checked(path, marks)).broken
    assert found is not None
    assert found.problem == "checkpoint"
    for one in noted:
        found = (await checked(path, [], one)).broken
        assert found is not None, one
        assert found.problem == "head"


async def test_a_log_that_goes_on_after_an_old_backup_was_restored_still_shows_it(tmp_path: Path) -> None:
    path, kept = tmp_path / "a.db", Checkpoints(tmp_path / "audit")
    await write(path, DONE[:2])
    await asyncio.to_thread(shutil.copy, path, path.with_suffix(".old"))
    await write(path, DONE[4:])
    await marked(path, kept)
    await asyncio.to_thread(restore, path)
    await write(path, [*DONE[2:], *DONE[4:]])
    await marked(path, kept)
    marks, _ = await asyncio.to_thread(kept.read)
    found = (await checked(path, marks)).broken
    assert found is not None
    assert (found.problem, found.chain) == ("checkpoint", A)


async def test_every_earlier_head_is_still_known(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    noted: list[Noted] = []
    async with Database(path) as db:
        for action, by, space_id in DONE:
            async with db.begin() as connection:
                await audit.append(connection, Entry(action, by, space_id), REAL.now())
                count, digest = (await audit_check.head(connection)).split(":")
            noted.append(Noted(None, int(count), digest))
            noted += [Noted(str(row["chain"]), int(str(row["seq"])), str(row["hash"])) for row in rows(path)]
        async with db.read() as connection:
            for each in noted:
                assert (await audit_check.check(connection, [], each)).broken is None, each
                for wrong in (Noted(each.chain, each.count + 100, each.head), Noted(each.chain, each.count, "0" * 64)):
                    found = (await audit_check.check(connection, [], wrong)).broken
                    assert found == Broken("head", each.chain or "all", None, wrong.count)


async def test_a_checkpoint_is_due_after_so_many_entries_and_when_a_space_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await write(path)
    async with Database(path) as db, db.begin() as connection:
        assert [one.chain for one in await audit.unmarked(connection, 50)] == [A], "its Space has ended"
        due = await audit.unmarked(connection, 3)
        assert [(one.chain, one.count) for one in due] == [(A, 5)]
        await audit.append(connection, Entry("report.decide", Person("1"), A), REAL.now())
        await audit.append(connection, Entry("space.end", System("again"), A), REAL.now())
        await audit.mark(connection, due)
        assert [one.count for one in await audit.unmarked(connection, 50)] == [7], "what came meanwhile is not lost"
        await audit.mark(connection, await audit.unmarked(connection, 50))
        assert await audit.unmarked(connection, 1) == [
            Head(chain, 2, str(next(row["hash"] for row in rows(path) if row["chain"] == chain and row["seq"] == 2)))
            for chain in (B, "server")
        ]


def test_a_line_that_the_key_did_not_sign_is_named_and_a_torn_one_is_passed_over(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "audit")
    made = [kept.sign(Checkpoint(chain=A, count=number, head="0" * 64, at="")) for number in (50, 100)]
    kept.append(made)
    path = tmp_path / "audit" / FILE
    with path.open("ab") as file:
        file.write(path.read_bytes()[:70])
    kept.append(made[:1])
    assert Checkpoints(tmp_path / "audit").read() == ([*made, made[0]], None)
    text = path.read_text()
    path.write_text(text.replace('"count":100', '"count":101'))
    assert kept.read() == ([made[0], made[0]], 2)
    path.write_text(text + "nonsense\n")
    assert kept.read()[1] == 5
    path.write_text(text)
    other = Checkpoints(tmp_path / "other")
    other.append([other.sign(made[0])])
    shutil.copy(tmp_path / "other" / FILE, path)
    assert kept.read() == ([], 1), "another's key"


def test_the_key_is_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    kept = Checkpoints.beside(data)
    kept.open()
    key = tmp_path / "data-audit" / "audit.key"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    before = key.read_text()
    Checkpoints.beside(data).open()
    assert key.read_text() == before
