"""Data folders that an earlier version left behind, killed in the middle of its work, open in this one and go on.

`folders/NAME.tar.gz` is such a folder, and `folders/NAME.json` what was answered to those who used it. Their tokens are good there alone.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacesctl.domain.errors import Unavailable
from spacesctl.store import upcast
from spacesctl.store.sqlite import schema
from tests.running import running_server, spacesctl, wait_until

FOLDERS = Path(__file__).parent / "folders"
NAMES = sorted(path.stem for path in FOLDERS.glob("*.json"))
pytestmark = [pytest.mark.timeout(60), pytest.mark.parametrize("name", NAMES)]


def unpacked(name: str, target: Path) -> tuple[Path, dict[str, Any]]:
    """The folder, and what is known of it."""
    data = target / "data"
    data.mkdir(mode=0o700)
    with tarfile.open(FOLDERS / f"{name}.tar.gz") as tar:
        tar.extractall(data, filter="data")
    known: dict[str, Any] = json.loads((FOLDERS / f"{name}.json").read_text())
    return data, known


def test_a_live_space_a_series_webhooks_and_an_interrupted_create_go_on(name: str, tmp_path: Path) -> None:
    data, known = unpacked(name, tmp_path)
    with sqlite3.connect(data / "spaces.db") as raw:
        raw.execute("UPDATE deliveries SET next_at = 0")  # they are due, whenever this test runs
        before = dict(raw.execute("SELECT message, attempts FROM deliveries").fetchall())
    assert len(before) >= 2, "some had not been delivered"
    with running_server(data, "--no-bots") as server:
        with server.client(known["tokens"]["host"]) as host, server.client(known["tokens"]["ann"]) as ann:
            space = f"/v1/spaces/{known['space']}"
            assert host.get(space)["state"] == "live"
            people = {person["handle"]: person for person in host.get(f"{space}/people")["data"]}
            assert people["@ann"]["muted"] is True, "a server mute outlives the version that set it"
            host.post(f"{space}/people/@ann/unmute")
            people = {person["handle"]: person for person in host.get(f"{space}/people")["data"]}
            assert people["@ann"]["muted"] is False
            assert ann.get(space)["title"] == "Lives on"

            series = host.get(f"/v1/series/{known['series']}")
            assert (series["state"], series["next_start"] is not None) == ("active", True)

            deliveries = f"/v1/webhooks/{known['webhook']}/deliveries"
            wait_until(lambda: _attempted(host.get(deliveries), before))

        headers = {"Authorization": f"Bearer {known['tokens']['host']}", "Idempotency-Key": known["key"]}
        again = httpx.post(f"{server.url}/v1/spaces", json=known["request"], headers=headers, trust_env=False)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == known["answer"]
        other = httpx.post(f"{server.url}/v1/spaces", json={"title": "Other"}, headers=headers, trust_env=False)
        assert other.status_code == 409
        with server.client(known["tokens"]["host"]) as host:
            host.post(f"{space}/end")
            assert host.get("/v1/audit/verify")["first_bad"] is None


def test_its_events_and_documents_are_read_in_todays_shape(name: str, tmp_path: Path) -> None:
    data, known = unpacked(name, tmp_path)
    schema.upgrade(data / "spaces.db")
    with sqlite3.connect(data / "spaces.db") as raw:
        [(doc, version)] = raw.execute("SELECT doc, version FROM spaces WHERE id = ?", (known["space"],)).fetchall()
    assert version < upcast.SPACE_VERSION
    space = upcast.space(doc, version)
    assert [person.server_muted for person in space.people.values()].count(True) == 1
    assert upcast.space(upcast.space_doc(space), upcast.SPACE_VERSION) == space


KILLED = """
import os, sys
from pathlib import Path
from alembic import op
from spacesctl.store.sqlite import schema
left, add = int(sys.argv[2]), op.add_column
def add_column(*given, **named):
    global left
    if not left:
        os.kill(os.getpid(), 9)
    left -= 1
    add(*given, **named)
op.add_column = add_column
schema.upgrade(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("statements", [0, 1, 2])
def test_a_migration_that_was_killed_between_two_statements_is_made_whole_later(
    name: str, tmp_path: Path, statements: int
) -> None:
    data, known = unpacked(name, tmp_path)
    path = data / "spaces.db"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(statements)], check=False)
    assert killed.returncode == -signal.SIGKILL
    schema.upgrade(path)
    with sqlite3.connect(path) as raw:
        [(doc, version)] = raw.execute("SELECT doc, version FROM spaces WHERE id = ?", (known["space"],)).fetchall()
    assert upcast.space(doc, version).title == "Lives on"


@pytest.mark.parametrize(
    ("doc", "version"),
    [
        ("{", 1),
        (None, upcast.SPACE_VERSION + 1),
        *(pytest.param(doc, version, marks=pytest.mark.slow) for doc, version in (("{}", 2), ("[]", 2), (None, 0))),
    ],
)
def test_a_document_that_is_damaged_or_of_a_later_version_is_refused_in_one_line(
    name: str, tmp_path: Path, doc: str | None, version: int
) -> None:
    data, known = unpacked(name, tmp_path)
    schema.upgrade(data / "spaces.db")
    with sqlite3.connect(data / "spaces.db") as raw:
        raw.execute(
            "UPDATE spaces SET version = ?, doc = coalesce(?, doc) WHERE id = ?", (version, doc, known["space"])
        )
    serve = [*spacesctl("serve"), "--no-bots", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data", str(data)]
    done = subprocess.run(serve, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 6
    last = done.stderr.strip().splitlines()[-1]
    assert known["space"] in last
    assert f"version {version}" in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("version", [0, upcast.EVENT_VERSION + 1])
def test_an_event_of_an_unknown_version_is_refused(name: str, version: int) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        upcast.event_body(name, {}, version)


def _attempted(page: dict[str, Any], before: dict[str, int]) -> bool:
    return any(one["attempts"] > before.get(one["id"], one["attempts"]) for one in page["data"])
