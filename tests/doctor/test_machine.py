"""Checks of the machine and of what is set up, each with what it says when something is wrong."""

from __future__ import annotations

import ctypes
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacesctl.doctor import machine, setup
from spacesctl.rtc import sealing
from spacesctl.server.process.settings import Settings
from spacesctl.store.sqlite import schema
from tests.certificates import Authority


def usage(free: int) -> Any:
    return lambda path: SimpleNamespace(free=free)


@pytest.mark.parametrize(("free", "level"), [(10 << 30, "ok"), (1 << 30, "warn"), (1 << 20, "fail")])
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", usage(free))
    assert machine.disk(tmp_path / "not" / "yet").level == level


@pytest.mark.parametrize(("answer", "level"), [(0, "ok"), (machine.TIME_ERROR, "warn"), (-1, "warn")])
def test_the_clock_is_what_the_kernel_says_of_it(monkeypatch: pytest.MonkeyPatch, answer: int, level: str) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *a, **k: SimpleNamespace(adjtimex=lambda buffer: answer))
    assert machine.clock().level == level


def test_small_udp_buffers_are_told_with_the_command_that_mends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "BUFFER", 1 << 40 >> 10)
    found = machine.udp_buffers()
    assert found.level == "warn"
    assert "sysctl -w net.core.rmem_max=" in found.todo


@pytest.mark.parametrize(("compiled", "said"), [(True, "compiled"), (False, "install gcc")])
def test_how_packets_are_sealed_is_told(monkeypatch: pytest.MonkeyPatch, compiled: bool, said: str) -> None:
    monkeypatch.setattr(sealing, "COMPILED", compiled)
    assert machine.packets().level == "ok"
    assert said in machine.packets().said


def test_a_data_folder_that_others_can_enter_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert machine.data_folder(data).level == "ok"
    data.mkdir(mode=0o700)
    assert machine.data_folder(data).level == "ok"
    data.chmod(0o755)
    assert (machine.data_folder(data).level, machine.data_folder(data).todo) == ("warn", f"chmod 700 {data}")
    shutil.rmtree(data)
    data.write_text("")
    assert machine.data_folder(data).level == "fail"


def test_a_database_is_current_older_later_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "spaces.db"
    assert setup.database(tmp_path).level == "ok"
    schema.upgrade(path)
    assert "undamaged" in setup.database(tmp_path).said
    for revision, level in ((schema.revisions()[-1], "warn"), ("9999", "fail")):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.close()
        assert setup.database(tmp_path).level == level
    path.write_bytes(b"no database at all" * 100)
    assert "restore" in setup.database(tmp_path).todo


def certificate(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    Authority(folder).issue(cert, key)
    return cert, key


def tls_settings(tmp_path: Path, **more: Any) -> Settings:
    cert, key = certificate(tmp_path)
    return Settings(tls_cert=cert, tls_key=key, **more)


@pytest.mark.parametrize(("days", "level"), [(-30, "ok"), (0, "warn"), (3, "fail")])
def test_a_certificate_is_good_soon_over_or_over(tmp_path: Path, days: int, level: str) -> None:
    # The certificate is good for two days from now.
    assert setup.tls(tls_settings(tmp_path), datetime.now(UTC) + timedelta(days)).level == level


def test_a_certificate_that_does_not_match_its_key_fails(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (cert, _), (_, key) = certificate(tmp_path / "one"), certificate(tmp_path / "two")
    assert setup.tls(Settings(tls_cert=cert, tls_key=key)).level == "fail"


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "ok"),
        ({"http": "0.0.0.0:80", "behind_proxy": True}, "ok"),
        ({"http": "0.0.0.0:80", "insecure": True}, "warn"),
        ({"http": "0.0.0.0:80"}, "fail"),
    ],
)
def test_http_without_tls_is_for_this_machine_alone(settings: dict[str, Any], level: str) -> None:
    assert setup.tls(Settings(**settings)).level == level


def test_the_model_is_none_the_shipped_one_or_one_that_is_not_there(tmp_path: Path) -> None:
    assert setup.model(Settings(bots=False)).level == "ok"
    assert "synthetic" in setup.model(Settings(data=tmp_path)).said
    assert setup.model(Settings(model=tmp_path / "nowhere")).level == "fail"
