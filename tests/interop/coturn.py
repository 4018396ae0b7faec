"""Debian's coturn on this machine, as an operator sets it up beside `[turn]`: it checks credentials by the secret that both share."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aioice import stun

from tests.running import wait_until
from tests.webrtc import own_address

HOST = own_address()
"""Not the loopback: libnice asks no relay there."""
REALM = "relay.example"
PROGRAM = shutil.which("turnserver", path="/usr/bin:/usr/sbin:/usr/local/bin")
RELAYED = 200
"""Ports from which coturn takes one for each allocation, below those that the system gives away by itself."""
CONFIG = """
listening-ip={host}
relay-ip={host}
listening-port={port}
min-port={first}
max-port={last}
realm={realm}
use-auth-secret
static-auth-secret={secret}
userdb={folder}/turndb
pidfile={folder}/turn.pid
log-file={folder}/turn.log
simple-log
verbose
fingerprint
no-tls
no-dtls
no-cli
no-multicast-peers
allow-loopback-peers
"""


class Relay:
    """A running coturn: its address for `[turn]`, the secret it was given, and whom it served."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, secret: str, log: Path) -> None:
        self._process = process
        self.port = port
        self.secret = secret
        self.url = f"turn:{HOST}:{port}?transport=udp"
        self._log = log

    def config(self, path: Path) -> tuple[str, str]:
        """Flags for a server that hands out credentials for this relay."""
        path.write_text(f'[turn]\nurls = ["{self.url}"]\nsecret = "{self.secret}"\n')
        return ("--config", str(path))

    def allocated(self, username: str) -> bool:
        """Whether this user was given an address of the relay."""
        return f"user <{username}>: incoming packet ALLOCATE processed, success" in self._log.read_text()

    def stop(self) -> None:
        """End it; nothing goes through it any more."""
        self._process.kill()
        self._process.wait()


@contextmanager
def relay(folder: Path) -> Iterator[Relay]:
    """coturn on ports of its own, until the block ends."""
    assert PROGRAM is not None
    folder.mkdir()
    port, secret = _free_port(), secrets.token_hex(16)
    first = 20_000 + secrets.randbelow(10_000)
    config = folder / "turnserver.conf"
    config.write_text(
        CONFIG.format(
            host=HOST, port=port, first=first, last=first + RELAYED, realm=REALM, secret=secret, folder=folder
        )
    )
    process = subprocess.Popen(
        [PROGRAM, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        wait_until(lambda: process.poll() is not None or _answers(port))
        assert process.poll() is None, (folder / "turn.log").read_text()
        yield Relay(process, port, secret, folder / "turn.log")
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        probe.connect((HOST, port))
        try:
            probe.send(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)))
            return bool(probe.recv(2048))
        except OSError:
            return False
