"""A server's life: first start, second start, stop, sudden death, and folders that are not for it."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from spacesctl.domain.errors import SpacesError
from tests.raw import Raw
from tests.running import RunningServer, running_server, spacesctl, unlimited, wait_until


def children(pid: int) -> list[psutil.Process]:
    return list(psutil.Process(pid).children(recursive=True))


def test_the_first_start_makes_an_owner_a_private_folder_and_a_profile_and_the_second_keeps_all(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--no-bots") as server:
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "owner.token").stat().st_mode) == 0o600
        profile = server.home / "spacesctl" / "profile.toml"
        assert stat.S_IMODE(profile.stat().st_mode) == 0o600
        token = server.owner_token
        assert subprocess.run(
            [*spacesctl("account", "show", "--json")], env=server.env(None), capture_output=True, text=True, check=True
        ).stdout.startswith('{"id"')
        made = server.account("ann")
        written = profile.read_text()
        assert written.startswith("# You are @owner here"), "whoever opens it sees what it is for"
        assert token not in written, "it has a token of its own"
        with server.client(token) as owner:
            labels = [one["label"] for one in owner.get("/v1/accounts/me/tokens")["data"]]
        assert sorted(labels) == ["first", "profile"]
        assert server.stop() == 0
    with running_server(data, "--no-bots") as server:
        assert server.owner_token == token
        assert (server.home / "spacesctl" / "profile.toml").read_text() == written
        with server.client(made["token"]) as ann:
            assert ann.get("/v1/accounts/me")["handle"] == "@ann"


def test_sigterm_ends_streams_and_children_and_exits_0(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        host = server.account("host")
        with server.client(host["token"]) as spaces:
            made = spaces.post("/v1/spaces", {"title": "T"})
            spaces.post(f"/v1/spaces/{made['id']}/start")
        listener = server.start("", "listen", made["id"], "--output", str(tmp_path / "heard.ogg"))
        stream = server.start("", "captions", made["id"], "--follow", "--json")
        family = children(server.process.pid)
        assert len(family) >= 2, "the engine and the bots"
        wait_until(lambda: anonymous(server, made["id"]) == 1)
        assert server.stop() == 0
        wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family), 5.0)
        listener.send_signal(signal.SIGINT)  # it waits for the server to come back
        _, err = listener.communicate(timeout=10)
        assert "the connection is lost: the server stops; trying to come back" in err
        stream.terminate()
        stream.communicate(timeout=10)


def anonymous(server: RunningServer, space_id: str) -> int:
    """How many listen without an account: the bot, which has one, is here before them."""
    with server.client() as anyone:
        return int(anyone.get(f"/v1/spaces/{space_id}/people")["anonymous"])


def test_a_kill_leaves_no_orphans(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        family = children(server.process.pid)
        wait_until(lambda: len(children(server.process.pid)) >= 3, 10.0)
        family = children(server.process.pid)
        server.stop(signal.SIGKILL)
        wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family), 8.0)


def test_a_dead_engine_is_replaced_and_its_space_goes_on(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        host = server.account("host")
        with server.client(host["token"]) as spaces:
            made = spaces.post("/v1/spaces", {"title": "T"})
            spaces.post(f"/v1/spaces/{made['id']}/start")
            [engine] = children(server.process.pid)
            before = spaces.get(f"/v1/spaces/{made['id']}")["tick"]
            engine.kill()
            wait_until(lambda: [one for one in children(server.process.pid) if one.pid != engine.pid] != [])
            wait_until(lambda: ready(server))
            assert spaces.get(f"/v1/spaces/{made['id']}")["tick"] > before
        heard = server.run("", "listen", made["id"], "--output", str(tmp_path / "x.ogg"), "--seconds", "1", "--json")
        assert json.loads(heard.stdout)["ticks"] > 30


def ready(server: RunningServer) -> bool:
    with server.client() as anyone:
        try:
            return bool(anyone.get("/readyz")["ready"])
        except SpacesError:
            return False


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        done = server.run("", "serve", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data", str(server.data))
        assert done.returncode == 5
        assert "another server" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_folder_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--no-bots") as server:
        server.stop()
    with sqlite3.connect(data / "spaces.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    done = subprocess.run(
        [*spacesctl("serve", "--no-bots", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data", str(data))],
        env=server.env(None), capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    assert done.returncode == 6
    assert "later version" in done.stderr
    with sqlite3.connect(data / "spaces.db") as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_a_public_address_without_tls_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [*spacesctl("serve", "--http", "0.0.0.0:0", "--data", str(tmp_path / "data"))],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    assert done.returncode == 5
    assert "--insecure" in done.stderr
    assert not (tmp_path / "data").exists()


class Writer(threading.Thread):
    """Writes all the time and remembers what the server acknowledged."""

    def __init__(self, server: RunningServer, host: str, space: str, number: int) -> None:
        super().__init__(daemon=True)
        self.server, self.host, self.space, self.number = server, host, space, number
        self.accounts: list[str] = []
        self.messages = 0

    def run(self) -> None:
        try:
            with Raw(self.server.url, self.server.owner_token) as owner, Raw(self.server.url, self.host) as host:
                for n in range(10_000):
                    handle = f"@k{self.number}_{n}"
                    owner.post("/v1/accounts", {"handle": handle})
                    self.accounts.append(handle)
                    host.post("/v1/dms", {"to": handle, "text": "kept"})
                    self.messages += 1
        except SpacesError:
            return


@pytest.mark.alone
@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="3"), pytest.param(10, id="10", marks=[pytest.mark.slow, pytest.mark.timeout(400)])]
)
def test_killed_at_random_moments_nothing_acknowledged_is_lost(tmp_path: Path, kills: int) -> None:
    """Every write that a client was told of over its socket is there; the Space lives again with its roles, gags and bars."""
    data = tmp_path / "data"
    rng = random.Random(kills)
    with running_server(data, "--no-bots") as server:
        host, server_muted, barred = (server.account(handle) for handle in ("host", "gagged", "barred"))
        with server.client(host["token"]) as spaces:
            space = f"/v1/spaces/{spaces.post('/v1/spaces', {'title': 'T'})['id']}"
            spaces.post(f"{space}/start")
            spaces.post(f"{space}/invites", {"handles": ["@gagged", "@barred"]})
            for who in (server_muted, barred):
                with server.client(who["token"]) as one:
                    one.post(f"{space}/accept")
            spaces.post(f"{space}/people/@gagged/mute")
            spaces.post(f"{space}/people/@barred/kick")
    acknowledged: list[str] = []
    messages, tick = 0, 0
    for number in range(kills):
        with running_server(data, "--no-bots", *unlimited(tmp_path)) as server:
            with server.client(host["token"]) as spaces:
                found = spaces.get(space)
                assert found["state"] == "live"
                assert found["tick"] > tick, "the clock never runs back"
                tick = found["tick"]
                people = {row["handle"]: row for row in spaces.get(f"{space}/people")["data"]}
                assert people["@gagged"]["muted"] is True
                assert people["@gagged"]["role"] == "speaker"
                assert "@barred" not in people
                assert spaces.get("/v1/audit/verify")["problem"] is None
            with server.client(barred["token"]) as out, pytest.raises(SpacesError) as caught:
                out.post(f"{space}/requests")
            assert caught.value.reason == "barred"
            writer = Writer(server, host["token"], space, number)
            writer.start()
            time.sleep(rng.uniform(0.0, 0.4))
            server.stop(signal.SIGKILL)
            writer.join(10)
            acknowledged += writer.accounts
            messages += writer.messages
    with sqlite3.connect(data / "spaces.db") as db:
        stored = {f"@{handle}" for (handle,) in db.execute("SELECT handle FROM accounts")}
        kept = db.execute("SELECT count(*) FROM dms WHERE text = 'kept'").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert set(acknowledged) <= stored
    assert messages <= kept
    assert len(acknowledged) > kills, "the test did write"


@pytest.mark.slow
def test_a_folder_that_has_lost_its_database_is_no_new_one_and_a_lost_key_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--no-bots") as server:
        token = server.owner_token
        assert server.stop() == 0
    (data / "secret.key").unlink()
    with running_server(data, "--no-bots") as server:
        assert server.stop() == 0
    assert "has lost its key" in (tmp_path / "serve.log").read_text()
    for gone in (False, True):
        (data / "spaces.db").unlink() if gone else (data / "spaces.db").write_bytes(b"")
        command = [
            *spacesctl("serve", "--no-bots", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"),
            "--data",
            str(data),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 5
        assert "spaces.db is missing or empty" in done.stderr
        assert (data / "owner.token").read_text().strip() == token
