"""Backups of a folder in use, and archives that are not what they should be."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest

from bots import casts
from spacesctl.domain.errors import Invalid, NotFound, Refused, Unavailable
from spacesctl.store.sqlite import backup
from spacesctl.store.sqlite.restore import restore
from tests.running import running_server


@pytest.mark.slow
def test_a_running_servers_folder_is_saved_and_restored_with_its_accounts_and_clips(tmp_path: Path) -> None:
    archive, restored = tmp_path / "backup.tar.gz", tmp_path / "restored"
    with running_server(tmp_path / "data", "--no-bots") as server:
        token = server.account("ann")["token"]
        (server.data / "evidence").mkdir()
        (server.data / "evidence" / "abc.ogg").write_bytes(b"OggS")
        (server.data / "recordings" / "r-1").mkdir(parents=True)
        (server.data / "recordings" / "r-1" / "mix.ogg").write_bytes(b"OggS and so on")
        with server.client(token) as ann:
            clip = ann.upload("/v1/clips", casts.load("cast_a").host.clip)
            ann.post("/v1/posts", {"text": "listen", "clip": clip["id"]})
        done = server.run("", "backup", str(archive), "--data", str(server.data), "--json")
        assert json.loads(done.stdout)["bytes"] == archive.stat().st_size
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600
        assert server.run("", "backup", str(archive), "--data", str(server.data)).returncode == 5
        assert server.run("", "restore", str(archive), "--data", str(server.data), "--yes").returncode == 5
        assert server.run("", "restore", str(archive), "--data", str(restored), "--yes").returncode == 0
    assert (restored / "evidence" / "abc.ogg").read_bytes() == b"OggS"
    assert (restored / "recordings" / "r-1" / "mix.ogg").read_bytes() == b"OggS and so on"
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
        restore(tmp_path / "x.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_links_and_broken_archives_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        link = tarfile.TarInfo("spaces.db")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "y.tar").write_bytes(b"no archive")
    for name in ("x.tar", "y.tar"):
        with pytest.raises(Invalid):
            restore(tmp_path / name, tmp_path / "new")


def test_what_is_not_there_is_not_saved_and_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backup.backup(tmp_path / "none", tmp_path / "x.tar")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(Refused):
        restore(tmp_path / "x.tar", tmp_path / "full")


FILES = {
    "evidence/DIGEST.ogg": b"what was said",
    "clips/cccccccccccc1.ogg": b"a voice",
    "recordings/rrrrrrrrrrrr1-1/mix.ogg": b"the mix",
}


def folder(data: Path) -> dict[str, bytes]:
    """A data folder with a row and a file of each kind; the files by name."""
    data.mkdir()
    digest = hashlib.sha256(FILES["evidence/DIGEST.ogg"]).hexdigest()
    files = {name.replace("DIGEST", digest): content for name, content in FILES.items()}
    mix = files["recordings/rrrrrrrrrrrr1-1/mix.ogg"]
    described = [{"name": "mix.ogg", "duration_ms": 20, "bytes": len(mix), "sha256": hashlib.sha256(mix).hexdigest()}]
    with sqlite3.connect(data / "spaces.db") as db:
        db.execute("CREATE TABLE reports (clip)")
        db.execute("INSERT INTO reports VALUES (?)", (digest,))
        db.execute("CREATE TABLE clips (id, bytes)")
        db.execute("INSERT INTO clips VALUES (?, ?)", ("cccccccccccc1", len(files["clips/cccccccccccc1.ogg"])))
        db.execute("CREATE TABLE recordings (id, files)")
        db.execute("INSERT INTO recordings VALUES (?, ?)", ("rrrrrrrrrrrr1-1", json.dumps(described)))
        db.execute("INSERT INTO recordings VALUES (?, NULL)", ("rrrrrrrrrrrr1-2",))
    db.close()
    live = {"recordings/rrrrrrrrrrrr1-2/mix.ogg": b"it still runs"}
    for name, content in (files | live).items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    return files | live


def test_every_file_that_is_named_is_saved_and_proved(tmp_path: Path) -> None:
    files = folder(tmp_path / "data")
    made = backup.backup(tmp_path / "data", tmp_path / "b.tar.gz")
    assert set(made.files) == {"spaces.db", *files}
    found = restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert (found.files, found.missing, found.left_out) == (len(files) + 1, [], 0)
    assert {name: (tmp_path / "new" / name).read_bytes() for name in files} == files
    assert not (tmp_path / "new" / "backup.json").exists()
    assert not (tmp_path / "new.part").exists()


def test_recordings_are_left_out_only_on_purpose(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    backup.backup(tmp_path / "data", tmp_path / "b.tar.gz", recordings=False)
    found = restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert (found.left_out, found.missing) == (1, [])
    assert not (tmp_path / "new" / "recordings").exists()


@pytest.mark.parametrize("kind", ["evidence", "clips", "recordings"])
def test_a_file_that_was_lost_before_the_backup_is_told_at_both_ends(tmp_path: Path, kind: str) -> None:
    files = folder(tmp_path / "data")
    lost = next(name for name in files if name.startswith(kind))
    (tmp_path / "data" / lost).unlink()
    assert backup.backup(tmp_path / "data", tmp_path / "b.tar.gz").missing == [lost]
    assert restore(tmp_path / "b.tar.gz", tmp_path / "new").missing == [lost]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((folder, how) for folder in ("evidence", "clips", "recordings") for how in ("left out", "changed")),
        *((one, "changed") for one in ("spaces.db", "backup.json")),
    ],
)
def test_an_archive_in_which_a_named_file_is_missing_or_another_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, how: str
) -> None:
    folder(tmp_path / "data")
    backup.backup(tmp_path / "data", tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as before, tarfile.open(tmp_path / "c.tar", "w") as after:
        for member in before.getmembers():
            file = before.extractfile(member)
            assert file is not None
            content = file.read()
            if member.name.startswith(name):
                if how == "left out":
                    continue
                content = content[:-1] + bytes([content[-1] ^ 1])
            after.addfile(member, io.BytesIO(content))
    with pytest.raises(Invalid, match="is damaged"):
        restore(tmp_path / "c.tar", tmp_path / "new")
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_dir()) == ["data", "workdir"]


def test_an_archive_of_an_earlier_version_has_no_list_and_no_recordings(tmp_path: Path) -> None:
    files = folder(tmp_path / "data")
    with tarfile.open(tmp_path / "old.tar.gz", "w:gz") as tar:
        for name in ["spaces.db", *(one for one in files if not one.startswith("recordings"))]:
            tar.add(tmp_path / "data" / name, name)
    assert restore(tmp_path / "old.tar.gz", tmp_path / "new").left_out == 1


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, and long enough for a header" * 9], ids=["empty", "foreign"]
)
def test_a_folder_whose_database_is_damaged_is_not_saved_and_that_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spaces.db").write_bytes(content)
    with pytest.raises((Unavailable, Invalid)):
        backup.backup(tmp_path / "data", tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("b.tar.gz*"))


def test_an_archive_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    with pytest.raises(Unavailable):
        backup.backup(tmp_path / "data", tmp_path / "nowhere" / "b.tar.gz")


def test_files_of_others_that_stand_beside_are_left_alone(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    (tmp_path / "new.part").mkdir()
    for mine in (tmp_path / "b.tar.gz.part", tmp_path / "new.part" / "mine"):
        mine.write_text("mine")
    backup.backup(tmp_path / "data", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert [mine.read_text() for mine in (tmp_path / "b.tar.gz.part", tmp_path / "new.part" / "mine")] == ["mine"] * 2
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "new").rglob("*") if one.is_dir()}
    assert modes == {0o700}


def test_a_member_that_says_to_be_larger_than_the_disk_is_refused_before_it_is_written(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(tmp_path / "data" / "spaces.db", "spaces.db")
        info = tarfile.TarInfo("evidence/a.ogg")
        info.pax_headers = {"GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,0"}
        tar.addfile(info, io.BytesIO())
    with pytest.raises(Invalid):
        restore(tmp_path / "x.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", ["file", "."])
def test_a_place_that_is_no_empty_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder(tmp_path / "data")
    backup.backup(tmp_path / "data", tmp_path / "b.tar.gz")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(Refused):
        restore(tmp_path / "b.tar.gz", Path(place))
