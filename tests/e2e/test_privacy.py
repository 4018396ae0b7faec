"""What is kept about somebody, from the command line against a real server: exported, erased, held for a legal reason."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bots import casts
from tests.cli.inside import ok, refused
from tests.running import RunningServer, running_server

pytestmark = pytest.mark.timeout(120)  # a process for each command
VOICE = casts.load("cast_a").host.clip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("privacy") / "data", "--no-bots") as running:
        yield running


def rows(archive: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as files:
        assert files.testzip() is None
        return [json.loads(line) for line in files.read(f"{name}.ndjson").splitlines()]


def stored(server: RunningServer) -> str:
    with closing(sqlite3.connect(server.data / "spaces.db")) as raw:
        return "\n".join(raw.iterdump())


def test_somebody_exports_what_is_kept_and_an_operator_anybodys(server: RunningServer, tmp_path: Path) -> None:
    ann, ben = (server.account(handle)["token"] for handle in ("ann", "ben"))
    ok(server.run(ann, "post", "a post about marmalade", "--voice", str(VOICE), "--json"))
    ok(server.run(ann, "dm", "@ben", "a letter about quinces", "--json"))
    ok(server.run(ann, "follow", "@ben", "--json"))
    ok(server.run(ann, "create", "Jam", "--start", "--no-captions", "--json"))
    out = tmp_path / "mine.zip"
    made = ok(server.run(ann, "privacy", "export", "--out", str(out), "--json"))
    assert (made["file"], made["handle"], len(made["sha256"])) == (str(out), "@ann", 64)
    assert [one["text"] for one in rows(out, "posts")] == ["a post about marmalade"]
    assert [one["followed"] for one in rows(out, "follows")] == ["@ben"]
    assert [one["title"] for one in rows(out, "spaces")] == ["Jam"]
    with zipfile.ZipFile(out) as files:
        [clip] = [name for name in files.namelist() if name.startswith("clips/")]
        assert files.read(clip).startswith(b"OggS")
    refused(server.run(ben, "privacy", "export", "@ann", "--out", str(tmp_path / "theirs.zip")), 5, "operators")
    assert not (tmp_path / "theirs.zip").exists()
    ok(server.run(server.owner_token, "privacy", "export", "@ann", "--out", str(tmp_path / "op.zip"), "--json"))
    assert rows(tmp_path / "op.zip", "posts") == rows(out, "posts")
    assert "account.export" in server.run(server.owner_token, "audit", "list").stdout


def test_who_is_erased_is_gone_from_the_database_and_cannot_sign_in(server: RunningServer) -> None:
    cat, dan = (server.account(handle)["token"] for handle in ("cat", "dan"))
    ok(server.run(cat, "dm", "@dan", "words about a kumquat", "--json"))
    assert "kumquat" in stored(server)
    planned = ok(server.run(cat, "privacy", "erase", "me", "--dry-run", "--yes", "--json"))
    assert {one["what"]: one["erased"] for one in planned["things"]}["texts of messages sent"] == 1
    assert "kumquat" in stored(server), "a plan does nothing"
    refused(server.run(dan, "privacy", "erase", "@cat", "--yes"), 5, "operators")
    refused(server.run(cat, "privacy", "erase", "me"), 2, "--yes")
    done = server.run(cat, "privacy", "erase", "me", "--yes")
    assert done.returncode == 0, done.stderr
    assert "@cat is erased" in done.stdout
    assert "backups" in done.stdout
    assert "kumquat" not in stored(server)
    assert "@cat" not in stored(server)
    refused(server.run(cat, "inbox"), 4, "token")
    [message] = [one for one in ok(server.run(dan, "inbox", "--json")) if one["kind"] == "message"]
    assert message["text"] == "(This message was erased with its account.)"


def test_what_is_held_cannot_be_deleted_until_it_is_released(server: RunningServer) -> None:
    eve, owner = server.account("eve")["token"], server.owner_token
    post = ok(server.run(eve, "post", "a post about persimmons", "--json"))["id"]
    refused(server.run(eve, "privacy", "hold", "@eve", "--reason", "x"), 5, "admin")
    hold = ok(server.run(owner, "privacy", "hold", "@eve", "--reason", "a secret case", "--json"))["id"]
    for command in (
        ("post", "--delete", post),
        ("privacy", "erase", "me", "--yes"),
        ("account", "delete", "me", "--yes"),
    ):
        done = server.run(eve, *command)
        refused(done, 5, f"legal hold {hold}")
        assert "secret case" not in done.stderr
    refused(server.run(owner, "account", "delete", "@eve", "--yes"), 5, f"legal hold {hold}")
    listed = server.run(owner, "privacy", "holds")
    assert hold in listed.stdout
    assert "a secret case" in listed.stdout
    assert "persimmons" in stored(server)
    ok(server.run(owner, "privacy", "release", hold, "--yes", "--json"))
    assert ok(server.run(owner, "privacy", "holds", "--json")) == []
    [ended] = ok(server.run(owner, "privacy", "holds", "--all", "--json"))
    assert ended["released_at"] is not None
    refused(server.run(owner, "privacy", "release", hold, "--yes"), 5, "released")
    ok(server.run(eve, "privacy", "erase", "me", "--yes", "--json"))
    assert "persimmons" not in stored(server)
