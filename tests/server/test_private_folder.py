"""Whatever the umask: no file of a data folder, a backup or a restored folder is open to other users of the machine."""

from __future__ import annotations

import asyncio
import os
import stat
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bots import casts
from spacesctl.live import evidence
from spacesctl.live.tracks import Track
from spacesctl.store import private_files
from spacesctl.store.sqlite.backup import backup
from spacesctl.store.sqlite.database import Database
from spacesctl.store.sqlite.restore import restore
from tests.listening import voice
from tests.running import RunningServer, running_server, wait_until

VOICE = casts.load("cast_a").host.clip


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """What in a folder, and the folder itself, has another mode than 0600, or 0700 for folders."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode != (0o700 if path.is_dir() else 0o600):
            found[str(path.relative_to(folder))] = oct(mode)
    return found


def speak(server: RunningServer, token: str, space: str, file: Path) -> None:
    """Say something for a second, so that there is something to record."""
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(voice(5, 1.0).tobytes())
    done = server.run(token, "speak", space, "--file", str(file), "--consent", timeout=40)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mask", [0o000, pytest.param(0o022, marks=pytest.mark.slow)], ids=oct)
@pytest.mark.timeout(60)
def test_a_server_its_backup_and_what_is_restored(mask: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with umask(mask), running_server(data, "--no-bots") as server:
        host, ann = server.account("host"), server.account("ann")
        with server.client(host["token"]) as api:
            clip = api.upload("/v1/clips", VOICE)
            api.post("/v1/posts", {"text": "hear", "clip": clip["id"]})
            api.post("/v1/webhooks", {"url": "https://a.example", "events": ["spaces.start"]})
            space = api.post("/v1/spaces", {"title": "T", "start": True, "record": "mix"})["id"]
        with server.client(ann["token"]) as api:
            api.post(f"/v1/spaces/{space}/reactions", {"reaction": "clap"})
            api.post("/v1/reports", {"space_id": space, "note": "x"})
        speak(server, host["token"], space, tmp_path / "voice.wav")
        evidence.keep(data / "evidence", b"OggS")
        names = {path.name for path in data.rglob("*")}
        assert {
            "spaces.db",
            "spaces.db-wal",
            "spaces.db-shm",
            "lock",
            "owner.token",
            "secret.key",
            f"{clip['id']}.ogg",
        } <= names
        wait_until(lambda: bool([*(data / "recordings").rglob("*.ogg")]))
        assert open_to_others(data) == {}
        archive = tmp_path / "out" / "backup.tar.gz"
        archive.parent.mkdir(mode=0o700)
        backup(data, archive)
        assert open_to_others(archive.parent) == {}
        restore(archive, tmp_path / "again")
        assert open_to_others(tmp_path / "again") == {}


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_what_an_earlier_version_left_open_is_shut_and_that_is_said_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--no-bots") as server, server.client(server.owner_token) as api:
        api.upload("/v1/clips", VOICE)
    for path in data.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / "outside").write_text("x")
    (tmp_path / "outside").chmod(0o644)
    (data / "link").symlink_to(tmp_path / "outside")
    for _ in range(2):
        with running_server(data, "--no-bots"):
            (data / "link").unlink(missing_ok=True)
            assert open_to_others(data) == {}
    assert stat.S_IMODE((tmp_path / "outside").stat().st_mode) == 0o644
    assert (tmp_path / "serve.log").read_text().count("were open to other users") == 1


def test_files_that_are_made_without_a_server(tmp_path: Path) -> None:
    async def use(database: Path) -> None:
        async with Database(database):
            pass

    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    with umask(0):
        asyncio.run(use(folder / "spaces.db"))
        evidence.keep(folder / "evidence", b"OggS")
        Track(folder / "a.ogg").close()
    assert open_to_others(folder) == {}


def test_what_cannot_be_shut_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_ours(*_: object) -> None:
        raise PermissionError

    (tmp_path / "x").write_text("x")
    (tmp_path / "x").chmod(0o644)
    monkeypatch.setattr(os, "chmod", not_ours)
    assert private_files.shut(tmp_path) == 0
