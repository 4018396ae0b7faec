"""Notices of earlier versions that quote what a rule heard learn of which act it is; a quote whose act has lost its words goes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from spacesctl.store.sqlite import schema
from tests.store.test_database import old_schema

SPACE = "A" * 13


def act(key: str, words: str, at: int, *, purged: int | None = None) -> dict[str, Any]:
    body = {"rule_id": "pitch", "account_id": "1", "words": [{"w": one} for one in words.split()]}
    return {"space_id": SPACE, "key": key, "body": json.dumps(body), "at": at, "purged_at": purged}


def notice(number: int, text: str, kind: str = "notice") -> dict[str, Any]:
    return {
        "id": number,
        "from_id": "2",
        "to_id": "1",
        "kind": kind,
        "space_id": SPACE,
        "text": text,
        "at": 1,
        "unread": 1,
    }


def insert(raw: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    raw.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def test_quotes_are_found_by_rule_and_words_and_lone_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "spaces.db"
    old_schema(path, "0022")
    mine = "You were muted in “A”: rule pitch heard “crypto giveaway”. This was automatic."
    with closing(sqlite3.connect(path)) as raw:
        for number, handle in enumerate(("ann", "bot"), 1):
            insert(
                raw, "accounts", {"id": str(number), "handle": handle, "name": "N", "kind": "person", "created_at": 1}
            )
        made = {
            "id": SPACE,
            "state": "ended",
            "host_id": "1",
            "creator_id": "1",
            "created_at": 1,
            "last_tick": 0,
            "doc": "{}",
        }
        insert(raw, "spaces", made)
        for one in (act("old", "crypto giveaway", 1), act("new", "crypto giveaway", 2), act("gone", "", 3, purged=4)):
            insert(raw, "acts", one)
        insert(raw, "dms", notice(1, mine))
        insert(raw, "dms", notice(2, "Rule pitch heard “wicked words” at 0:12: @ann was muted in “A”."))
        insert(raw, "dms", notice(3, "rule pitch heard “crypto giveaway”, said a friend", "message"))
        insert(raw, "dms", notice(4, "Your hand was lowered."))
        caption = {"space_id": SPACE, "seq": 1, "type": "caption", "at": 1, "tick": 1, "body": '{"account_id": "1"}'}
        insert(raw, "events", caption)
        insert(raw, "events", {**caption, "seq": 2, "type": "hand.raised"})
        raw.commit()
    schema.upgrade(path)
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT text, act_key, quoted FROM dms ORDER BY id").fetchall()
        spoke = raw.execute("SELECT account_id FROM events ORDER BY seq").fetchall()
    assert found == [
        (mine, "new", "crypto giveaway"),
        ("Rule pitch heard words that are deleted by now at 0:12: @ann was muted in “A”.", None, None),
        ("rule pitch heard “crypto giveaway”, said a friend", None, None),
        ("Your hand was lowered.", None, None),
    ]
    assert spoke == [("1",), (None,)]
