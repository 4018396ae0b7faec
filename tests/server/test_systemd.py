"""What a service manager is told, over a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacesctl.server.process.systemd import Manager
from tests.running import running_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def manager() -> Iterator[tuple[socket.socket, str]]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        path = f"{folder}/notify"
        bound.bind(path)
        bound.settimeout(10)
        yield bound, path


@pytest.mark.alone
def test_a_server_says_that_it_is_ready_alive_and_stopping(
    tmp_path: Path, manager: tuple[socket.socket, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, path = manager
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    told = list[str]()

    def listen() -> None:
        while not told or told[-1] != "STOPPING=1":
            told.append(heard.recv(200).decode())

    reader = threading.Thread(target=listen)  # from the start: the system keeps ten messages, and drops what comes then
    reader.start()
    with running_server(tmp_path / "data", "--no-bots") as server:
        while told.count("WATCHDOG=1") < 3 or f"READY=1\nMAINPID={server.process.pid}" not in told:
            time.sleep(0.02)
        engine = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()[0]
        assert path not in Path(f"/proc/{engine}/environ").read_text(), "children do not speak for the server"
        assert server.stop() == 0
        reader.join(10)
        assert told[-1] == "STOPPING=1"


async def test_an_abstract_socket_is_reached_too() -> None:
    name = f"spacesctl-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name)
        heard.settimeout(5)
        Manager({"NOTIFY_SOCKET": "@" + name}).ready()
        assert (await asyncio.to_thread(heard.recv, 100)).startswith(b"READY=1")


async def test_nobody_is_told_where_nobody_asked_and_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    Manager({}).ready()
    await Manager({"WATCHDOG_USEC": "1000000"}).keep_alive()
    await Manager({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).keep_alive()
    Manager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
