"""A folder of every earlier schema, with rows in every table, becomes one of today's: no row is lost, and it has the tables of the code."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import create_engine

from spacesctl.store.sqlite import schema
from spacesctl.store.tables import metadata
from tests.store.test_database import old_schema

EARLIER = sorted(schema.revisions())[:-1]
SPACE, OTHER = "A" * 13, "B" * 13
PINNED = [
    {"id": "7", "kind": "post", "ref": "77", "title": None, "by": "1", "tick": 0},
    {"id": "8", "kind": "link", "ref": "https://example.org", "title": "T", "by": "1", "tick": 0},
]
DOCS: dict[str, dict[str, Any]] = {
    SPACE: {"creator_id": "2", "people": {}, "pinned": PINNED},
    OTHER: {"creator_id": "1", "people": {}},
}
FIRST: dict[str, list[dict[str, Any]]] = {
    "accounts": [{"id": "1", "handle": "ann"}, {"id": "2", "handle": "ben"}],
    "spaces": [{"id": one, "host_id": "1", "state": "live", "doc": json.dumps(doc)} for one, doc in DOCS.items()],
}
"""Rows that others refer to, or that migrations read."""
REFERS = {
    "space_id": SPACE,
    "clip_id": "c",
    "webhook_id": "w",
    "chain": SPACE,
    "report_id": "rep",
    "sanction_id": "san",
}


def filled(raw: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Put a row into every table, and return all rows."""
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA foreign_keys=OFF")  # tables are filled in the order of their names
    tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    kept = [name for name in tables if not name.startswith("sqlite_") and name != "alembic_version"]
    for table in kept:
        columns = raw.execute(f'PRAGMA table_info("{table}")').fetchall()
        for row in FIRST.get(table, [{}]):
            full = {column["name"]: row.get(column["name"], _value(table, column)) for column in columns}
            names = ", ".join(f'"{name}"' for name in full)
            marks = ", ".join("?" * len(full))
            raw.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(full.values()))
    raw.commit()
    return {table: rows(raw, table) for table in kept}


def _value(table: str, column: sqlite3.Row) -> Any:
    """A value that fits the column, and refers to rows that there are."""
    name, kind = column["name"], column["type"]
    if name == "id" and table in ("clips", "webhooks"):
        return table[0]
    if name == "creator_id":
        return "2"
    if name == "version":
        return 1
    if name in REFERS:
        return REFERS[name]
    if name.endswith("_id"):
        return "1"
    if kind == "JSON":
        return json.dumps({"of": table})
    return 1 if kind in ("INTEGER", "BIGINT", "BOOLEAN") else f"{table[:3]}"


def rows(raw: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in raw.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2')]


def shape(path: Path) -> dict[str, Any]:
    """Columns, keys, indexes and references of every table."""
    with closing(sqlite3.connect(path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: (
                sorted(row[1:] for row in raw.execute(f'PRAGMA table_info("{table}")')),
                sorted(
                    (row[1], row[2], [one[2] for one in raw.execute(f'PRAGMA index_info("{row[1]}")')])
                    for row in raw.execute(f'PRAGMA index_list("{table}")')
                ),
                sorted(row[2:5] for row in raw.execute(f'PRAGMA foreign_key_list("{table}")')),
            )
            for table in tables
        }


@cache
def _migrated(revision: str) -> tuple[bytes, dict[str, list[dict[str, Any]]]]:
    """Once for all tests: the file, and the rows that it had before."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spaces.db"
        old_schema(path, revision)
        with closing(sqlite3.connect(path)) as raw:
            before = filled(raw)
        schema.upgrade(path)
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes(), before


@cache
def _fresh() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fresh.db"
        schema.upgrade(path)
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def migrated(tmp_path: Path, revision: str) -> tuple[sqlite3.Connection, dict[str, list[dict[str, Any]]]]:
    """An open database that came from `revision`, and the rows that it had there."""
    path = tmp_path / "spaces.db"
    content, before = _migrated(revision)
    path.write_bytes(content)
    raw = sqlite3.connect(path)
    raw.row_factory = sqlite3.Row
    return raw, before


@pytest.mark.parametrize("revision", EARLIER)
def test_every_row_of_an_earlier_schema_is_kept(tmp_path: Path, revision: str) -> None:
    raw, before = migrated(tmp_path, revision)
    with closing(raw):
        assert before.keys() >= {"accounts", "spaces", "events", "audit"}
        for table, had in before.items():
            expected = had
            if revision < "0007" and table == "spaces":
                expected = [{**row, "creator_id": DOCS[row["id"]]["creator_id"]} for row in had]
            has = rows(raw, table)
            assert [{name: row[name] for name in was} for row, was in zip(has, expected, strict=True)] == expected, (
                table
            )
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.parametrize("revision", [one for one in EARLIER if one < "0007"])
def test_creators_and_pinned_posts_are_filled_in_from_the_documents(tmp_path: Path, revision: str) -> None:
    raw, _ = migrated(tmp_path, revision)
    with closing(raw):
        assert [(row["id"], row["creator_id"]) for row in rows(raw, "spaces")] == [(SPACE, "2"), (OTHER, "1")]
        assert rows(raw, "pins") == [{"space_id": SPACE, "pin_id": "7", "post_id": "77"}]


@pytest.mark.parametrize("revision", EARLIER)
def test_the_schema_of_a_migrated_folder_is_that_of_a_fresh_one_and_of_the_code(tmp_path: Path, revision: str) -> None:
    raw, _ = migrated(tmp_path, revision)
    raw.close()
    (tmp_path / "fresh.db").write_bytes(_fresh())
    found = shape(tmp_path / "spaces.db")
    assert found == shape(tmp_path / "fresh.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'code.db'}")
    metadata.create_all(engine)
    engine.dispose()
    ours = {table: one for table, one in found.items() if table not in ("alembic_version", "sqlite_sequence")}
    assert ours == shape(tmp_path / "code.db")


@pytest.mark.parametrize("revision", EARLIER)
def test_what_was_there_before_a_column_has_its_default(tmp_path: Path, revision: str) -> None:
    raw, _ = migrated(tmp_path, revision)
    with closing(raw):
        if revision < "0006":
            assert {row["version"] for table in ("spaces", "events") for row in rows(raw, table)} == {1}
        if revision < "0008":
            assert {(row["state"], row["decided_by"]) for row in rows(raw, "reports")} == {("open", None)}
        if revision < "0003":
            assert {row["description"] for row in rows(raw, "accounts")} == {""}
