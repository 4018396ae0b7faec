"""A real server and its children under faults: what hangs is shown and replaced, and what is short comes back with what it needs."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.bench.faults import CHILDREN
from tests.running import RunningServer, running_server, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as found:
        wait_until(lambda: checks(found).get("bot") == "ok", 20)
        yield found


def child(server: RunningServer, name: str) -> psutil.Process:
    family = psutil.Process(server.process.pid).children(recursive=True)
    return next(one for one in family if CHILDREN[name] in one.cmdline())


def checks(server: RunningServer) -> dict[str, Any]:
    answer = httpx.get(server.url + "/readyz", timeout=10).json()
    return {"ready": answer["ready"], **answer["checks"]}


def live(server: RunningServer) -> str:
    host = server.account("host")
    with server.client(host["token"]) as spaces:
        return str(spaces.post("/v1/spaces", {"title": "T", "start": True})["id"])


def sounds(server: RunningServer, space: str) -> bool:
    """Whether a listener gets pages of sound."""
    with httpx.stream("GET", f"{server.url}/v1/spaces/{space}/listen.ogg", timeout=3) as answer:
        return sum(1 for _, _ in zip(range(4), answer.iter_raw(), strict=False)) == 4


@pytest.mark.parametrize(
    ("name", "check", "shown"),
    [
        ("engine", "engine", "silent"),
        ("bots", "bot", "the bot does not answer"),
        ("recogniser", "bot", "the recogniser is starting"),
    ],
)
def test_a_child_that_is_stopped_is_shown_and_replaced(
    server: RunningServer, name: str, check: str, shown: str
) -> None:
    space = live(server)
    stopped = child(server, name)
    stopped.send_signal(signal.SIGSTOP)
    wait_until(lambda: checks(server)[check] == shown, 8)
    wait_until(lambda: checks(server)["ready"] and checks(server)["bot"] == "ok", 10)
    assert child(server, name).pid != stopped.pid
    assert not stopped.is_running()
    assert sounds(server, space)
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_child_that_is_stopped_does_not_outlive_the_server(server: RunningServer, number: int) -> None:
    family = [child(server, name) for name in CHILDREN]
    for one in family:
        one.send_signal(signal.SIGSTOP)
    server.stop(number)
    wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family), 8)


def test_the_end_of_a_terminal_ends_neither_the_server_nor_its_children(server: RunningServer) -> None:
    pids = {name: child(server, name).pid for name in CHILDREN}
    for pid in (server.process.pid, *pids.values()):
        os.kill(pid, signal.SIGHUP)
    time.sleep(2.0)
    assert {name: child(server, name).pid for name in CHILDREN} == pids
    assert checks(server)["ready"]


@pytest.mark.parametrize("name", ["engine", "bots"])
def test_a_child_that_dies_while_no_file_can_be_opened_is_back_when_one_can(server: RunningServer, name: str) -> None:
    space = live(server)
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    died = child(server, name)
    used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
    died.kill()
    log = server.data.parent / "serve.log"
    wait_until(lambda: "Too many open files" in log.read_text() or "OSError" in log.read_text(), 10)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    wait_until(lambda: checks(server)["ready"] and checks(server)["bot"] == "ok", 10)
    assert child(server, name).pid != died.pid
    assert sounds(server, space)


def test_an_engine_that_dies_while_the_database_is_locked_sounds_again_before_it_is_free(server: RunningServer) -> None:
    space = live(server)
    with closing(sqlite3.connect(server.data / "spaces.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        child(server, "engine").kill()
        wait_until(lambda: checks(server)["engine"] == "ok" and sounds(server, space), 10)
        assert checks(server)["database"] == "database_locked"
        other.execute("ROLLBACK")
    wait_until(lambda: bool(checks(server)["ready"]), 5)


def test_a_recording_on_a_disk_that_is_full_ends_and_the_server_stops_well_meanwhile(server: RunningServer) -> None:
    host = server.account("host")
    with server.client(host["token"]) as spaces:
        space = spaces.post("/v1/spaces", {"title": "T", "start": True, "record": "mix"})["id"]
    wait_until(lambda: list((server.data / "recordings").glob("*/mix.ogg")))
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))  # no file can grow
    time.sleep(2.0)  # the log is on the full disk, too
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    wait_until(lambda: bool(checks(server)["ready"]), 10)
    with server.client(host["token"]) as spaces:
        wait_until(lambda: spaces.get(f"/v1/spaces/{space}")["recording"] is None)
        assert [one["reason"] for one in spaces.get("/v1/recordings")["data"]] == ["disk"]
        spaces.post(f"/v1/spaces/{space}/recording")
    wait_until(lambda: len(list((server.data / "recordings").glob("*/mix.ogg"))) == 2)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    time.sleep(2.0)
    assert server.stop() == 0


def test_a_model_with_a_cut_file_is_tried_ever_more_rarely_and_spaces_work_without_captions(tmp_path: Path) -> None:
    import shutil

    from bots.models import SHIPPED

    model = tmp_path / "model"
    shutil.copytree(SHIPPED, model)
    graph = max(model.rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
    with running_server(tmp_path / "data", "--model", str(model)) as server:
        wait_until(lambda: "keeps failing" in checks(server)["bot"], 15)
        space = live(server)
        started = (tmp_path / "serve.log").read_text().count("model process ended")
        assert started <= 4
        assert sounds(server, space)
        assert checks(server)["ready"]
        assert server.stop() == 0
