"""`bench floor` with a sender of our own in place of the compiled one: what is sent and does not arrive is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from spacesctl.bench import floor
from spacesctl.bench.fanout import Slope
from spacesctl.bench.floor import FloorWindow
from spacesctl.domain.errors import Refused
from spacesctl.probe.listener_pool import BATCH

SENDER = """#!{python} -S
import json, socket, struct, sys
way, seconds, size, host = sys.argv[1:]
ports = [int(line) for line in sys.stdin.read().split()]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for tick in range(10):
    for place, port in enumerate(ports):
        if (tick, place) != (4, 0):
            sock.sendto(struct.pack(">BBHII", 0x80, 111, tick, tick * 960, 7) + bytes(int(size)), (host, port))
print(json.dumps({{"cpu": 0.05, "seconds": float(seconds), "ticks": 10, "late": 3}}))
"""

pytestmark = pytest.mark.usefixtures("short_bench")


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    program = tmp_path / "sender"
    program.write_text(SENDER.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(floor, "compiled", lambda way, folder: program)
    monkeypatch.setattr(floor, "VISIT", 0.05)
    return program


def test_its_cost_and_what_did_not_arrive_are_told_for_each_number_of_listeners(sender: Path) -> None:
    notes: list[str] = []
    result = asyncio.run(floor.measure([BATCH + 2, 2], 2.0, ["srtp", "evp"], notes.append))
    assert notes == ["floor with libsrtp", "floor with OpenSSL"]
    for way in ("srtp", "evp"):
        few, many = result.ways[way].windows
        assert few == FloorWindow(
            listeners=2, seconds=2.0, core_percent=2.5, cpu_ms_per_listener_second=12.5, ticks=10, ticks_late=3,
            packets=19, lost=1,
        )  # fmt: skip
        assert (many.listeners, many.packets, many.lost) == (BATCH + 2, 10 * (BATCH + 2) - 1, 1)
        assert result.ways[way].slopes == [Slope(few=2, many=BATCH + 2, ms_per_listener_second=0.0)]
    assert 20 < result.payload_bytes < 200


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("floor.c: In function main\nfloor.c:9: error: no srtp_t\nmore", "floor.c:9: error: no srtp_t"),
        ("ld: cannot find -lsrtp2\ncollect2: ld returned 1", "ld: cannot find -lsrtp2"),
        ("", "the compiler printed no error"),
    ],
    ids=["an error", "a linker", "nothing"],
)
def test_of_what_a_compiler_says_the_first_error_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/cc")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(Refused) as caught:
        floor.compiled("evp", tmp_path)
    assert caught.value.message == f"the floor with OpenSSL does not compile: {told}"


def test_a_program_is_compiled_into_the_folder_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        words.extend(command)
        return subprocess.CompletedProcess(command, 0, "", "a warning")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/cc")
    monkeypatch.setattr(subprocess, "run", run)
    program = floor.compiled("evp", tmp_path)
    assert program.parent == tmp_path
    assert words[words.index("-o") + 1] == str(program)
    assert {"-DWITH_EVP", str(floor.SOURCE), "-lcrypto"} <= set(words)
