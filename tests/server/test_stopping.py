"""What a person reads who ends `serve` with Ctrl-C, or who cannot start it: a line, and no traceback."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.raw import Raw
from tests.running import running_server, spacesctl
from tests.wire_bytes import connect, get

RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing resets the connection."""


def connected(url: str, request: bytes) -> socket.socket:
    """A client that sends this and then neither reads nor goes."""
    made = connect(url.removeprefix("http://"), receive_buffer=4_096)
    made.sendall(request)
    return made


def upgrade(place: str) -> bytes:
    return get(
        place, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip


def serve(tmp_path: Path, *flags: str) -> list[str]:
    return spacesctl(
        "serve", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data", str(tmp_path / "data"), *flags
    )  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("bots", "after"),
    [
        ("--no-bots", 0.5),
        pytest.param("--bots", 0.1, marks=pytest.mark.slow),
        pytest.param("--bots", 4.0, marks=pytest.mark.slow),
    ],
    ids=["no bots", "bots that are starting", "bots"],
)
def test_ctrl_c_with_clients_ends_with_one_line(tmp_path: Path, bots: str, after: float) -> None:
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    with (
        ExitStack() as stack,
        subprocess.Popen(
            serve(tmp_path, bots),
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # as at a terminal: Ctrl-C reaches the group
        ) as process,
    ):
        assert process.stderr is not None
        url = process.stderr.readline().split()[2]
        with Raw(url, (tmp_path / "data" / "owner.token").read_text().strip()) as owner:
            space = owner.post("/v1/spaces", {"title": "T", "start": True})["id"]
        for request in (
            get(f"/v1/spaces/{space}/events"),
            get(f"/v1/spaces/{space}/listen.ogg"),
            upgrade(f"/v1/spaces/{space}/lanes?role=listen"),
            b"POST /v1/spaces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
            get("/healthz"),
        ):
            stack.enter_context(connected(url, request))
        time.sleep(after)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 6.0
    lines = [line for line in said.splitlines() if not line.startswith("you are its @owner")]
    assert lines == ["spacesctl stops: its clients are told"], said


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_ctrl_c_while_it_starts_is_no_traceback(tmp_path: Path) -> None:
    for number in range(12):
        with subprocess.Popen(
            serve(tmp_path, "--data", str(tmp_path / f"data-{number}"), "--no-bots"),
            env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            time.sleep(0.2 + number * 0.2)
            os.killpg(process.pid, signal.SIGINT)
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.wait(10) in (0, 130, -signal.SIGINT)
        assert "Traceback" not in said, said
        assert "spacesctl: " not in said, said


def test_a_taken_udp_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            serve(tmp_path, "--udp", place, "--no-bots"),
            env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 6
    assert "is taken" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_websocket_that_is_reset_in_its_handshake_logs_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        for role in ("listen", "speak"):
            for wait in (0.0, 0.0, 0.001, 0.002, 0.005, 0.01):
                for _ in range(5):
                    with connected(server.url, upgrade(f"/v1/spaces/AAAAAAAAAAAAA/lanes?role={role}")) as one:
                        time.sleep(wait)
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        with server.client() as anyone:
            assert anyone.get("/healthz")
        assert server.stop() == 0
    assert (tmp_path / "serve.log").read_text() == ""
