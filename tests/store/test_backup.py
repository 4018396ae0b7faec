"""Backups of a folder in use, and archives that are not what they should be."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest

from bots import casts
from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.store.sqlite import backup
from tests.running import running_server


def test_a_running_servers_folder_is_saved_and_restored_with_its_accounts_and_clips(tmp_path: Path) -> None:
    archive, restored = tmp_path / "backup.tar.gz", tmp_path / "restored"
    with running_server(tmp_path / "data", "--no-bots") as server:
        token = server.account("ann")["token"]
        (server.data / "evidence").mkdir()
        (server.data / "evidence" / "abc.ogg").write_bytes(b"OggS")
        with server.client(token) as ann:
            clip = ann.upload("/v1/clips", casts.load("cast_a").host.clip)
            ann.post("/v1/posts", {"text": "listen", "clip": clip["id"]})
        done = server.run("", "backup", str(archive), "--data", str(server.data), "--json")
        assert json.loads(done.stdout)["bytes"] == archive.stat().st_size
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600
        assert server.run("", "backup", str(archive), "--data", str(server.data)).returncode == 5
        assert server.run("", "restore", str(archive), "--data", str(server.data)).returncode == 5
        assert server.run("", "restore", str(archive), "--data", str(restored)).returncode == 0
    assert (restored / "evidence" / "abc.ogg").read_bytes() == b"OggS"
    assert stat.S_IMODE(restored.stat().st_mode) == 0o700
    assert (restored / "secret.key").read_bytes() == (tmp_path / "data" / "secret.key").read_bytes()
    assert stat.S_IMODE((restored / "secret.key").stat().st_mode) == 0o600
    with running_server(restored, "--no-bots") as server, server.client(token) as ann:
        assert ann.get("/v1/accounts/me")["handle"] == "@ann"
        [post] = ann.get("/v1/accounts/@ann/posts")["data"]
        assert (restored / "clips" / f"{clip['id']}.ogg").stat().st_size == post["clip"]["bytes"]


def test_a_snapshot_is_one_moment_of_a_database_in_use(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE n (v)")
        db.execute("INSERT INTO n VALUES (1)")
        db.commit()
        db.execute("INSERT INTO n VALUES (2)")
        backup.snapshot(tmp_path / "a.db", tmp_path / "b.db")
    with sqlite3.connect(tmp_path / "b.db") as copy:
        assert copy.execute("SELECT v FROM n").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "names", [["../spaces.db"], ["spaces.db", "../../evil.ogg"], ["spaces.db", "evidence/../x.ogg"], ["other"], []]
)
def test_an_archive_that_is_none_of_ours_writes_nothing(tmp_path: Path, names: list[str]) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(Invalid):
        backup.restore(tmp_path / "x.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_links_and_broken_archives_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        link = tarfile.TarInfo("spaces.db")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "y.tar").write_bytes(b"no archive")
    for name in ("x.tar", "y.tar"):
        with pytest.raises(Invalid):
            backup.restore(tmp_path / name, tmp_path / "new")


def test_what_is_not_there_is_not_saved_and_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backup.backup(tmp_path / "none", tmp_path / "x.tar")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(Refused):
        backup.restore(tmp_path / "x.tar", tmp_path / "full")
