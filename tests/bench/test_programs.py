"""Other servers as processes: one that never answers or ends at once is told, and none is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spacesctl.bench import programs
from spacesctl.bench.programs import free_port, running
from spacesctl.domain.errors import Unavailable
from spacesctl.probe import machine

SERVES = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were bound to a core; none is, which would hold for the tests that follow."""
    pids: list[int] = []
    monkeypatch.setattr(machine, "pin", lambda pid, _cores: pids.append(pid))
    return pids


@pytest.mark.parametrize("pin", [False, True])
def test_a_program_runs_until_it_is_left(pinned: list[int], pin: bool) -> None:
    async def main() -> int:
        port = free_port(socket.SOCK_STREAM)
        async with running([sys.executable, "-S", "-c", SERVES, str(port)], port, pinned=pin) as pid:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return pid

    pid = asyncio.run(main())
    assert not os.path.exists(f"/proc/{pid}")
    assert pinned == ([pid, os.getpid(), pid] if pin else []), "again with the threads that it started"


@pytest.mark.parametrize("words", [["sleep", "60"], ["true"]], ids=["never answers", "ends at once"])
def test_a_program_that_does_not_answer_is_told_and_ended(
    monkeypatch: pytest.MonkeyPatch, pinned: list[int], words: list[str]
) -> None:
    monkeypatch.setattr(programs, "START_WITHIN", 0.2)
    port = free_port(socket.SOCK_STREAM)

    async def main() -> None:
        async with running(words, port):
            raise AssertionError("it answered")

    with pytest.raises(Unavailable, match=f"{words[0]} does not answer on port {port}"):
        asyncio.run(main())
    assert not os.path.exists(f"/proc/{pinned[0]}")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_free_port_can_be_bound(kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", free_port(kind)))


BENCH = """import asyncio, socket, sys
from spacesctl.bench.programs import free_port, running

async def main():
    port = free_port(socket.SOCK_STREAM)
    async with running([sys.executable, "-S", "-c", sys.argv[1], str(port)], port, pinned=False) as pid:
        print(pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel ends it")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_bench_that_is_killed_leaves_no_program(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", BENCH, SERVES], stdout=subprocess.PIPE) as bench:
        assert bench.stdout is not None
        pid = int(bench.stdout.readline())
        bench.send_signal(how)
        bench.wait()
    while _runs(pid):
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether the process is there, and no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
