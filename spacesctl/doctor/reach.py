"""The server itself: whether it answers, what it says of its parts, and whether its UDP port can be reached by what it offers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from aioice import stun

from spacesctl.client.http import Client
from spacesctl.doctor.finding import Finding, fail, ok, warn
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, SpacesError, Unavailable
from spacesctl.server.settings import Settings

ATTEMPTS = 3
PATIENCE = 0.7
"""Seconds for each of the attempts."""


def server(url: str) -> Finding | None:
    """What a running server says of itself; None when none runs there."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5)
        checks = answer.json()["checks"]
    except httpx.TransportError as error:
        if "certificate" in str(error).lower():
            return fail("server", f"{url}: {error}", "name its authority with SSL_CERT_FILE, or renew the certificate")
        return None
    except (ValueError, KeyError):
        return fail(
            "server", f"what answers at {url} is no spacesctl", "look at `url`, and at the proxy if there is one"
        )
    said = ", ".join(f"{name} {state}" for name, state in checks.items())
    if answer.status_code != 200:
        return fail("server", f"runs at {url}, not ready: {said}", "look at its log")
    if checks["bot"] != "ok":
        return warn(
            "server", f"runs at {url}: {said}", "no captions and no rules until the bot is ready; look at the log"
        )
    return ok("server", f"runs at {url}: {said}")


def udp(client: Client) -> list[Finding]:
    """Each address that peers are offered, asked from this process as a browser would."""
    try:
        probe = client.post("/v1/probe")
    except (NotSignedIn, NotAllowed):
        todo = "give an operator's token (SPACESCTL_TOKEN; the first start left one in the data folder)"
        return [warn("udp", "could not be asked without an operator's token", todo)]
    except (NotFound, Unavailable) as error:
        return [fail("udp", error.message, "look at the server's log")]
    return [_candidate(one["host"], one["port"], probe) for one in probe["candidates"]]


def _candidate(host: str, port: int, probe: dict[str, Any]) -> Finding:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        seen = _ask(host, port, probe["username"], probe["password"])
    except OSError as error:
        return fail("udp", f"{where} cannot be sent to from here ({error.strerror or error})", _UNREACHED)
    if seen is None:
        return warn("udp", f"nothing came back from {where}", _UNREACHED)
    return ok("udp", f"{where} answers; it sees this process as {seen}")


_UNREACHED = (
    "let UDP through to this port, and `announce` the address that others reach it by; from inside a network whose router does not "
    "turn its own address back, ask from outside: `spacesctl --url https://... doctor`"
)


def _ask(host: str, port: int, username: str, password: str) -> str | None:
    """How the server sees us, by its answer to a connectivity check (RFC 8489); None without an answer that proves it is the server's."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = username
    request.add_message_integrity(password.encode())
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((host, port))
        for _ in range(ATTEMPTS):
            sock.send(bytes(request))
            try:
                answer = stun.parse_message(sock.recv(2048))
            except (TimeoutError, ConnectionRefusedError, ValueError):
                continue
            if answer.transaction_id == request.transaction_id and answer.check_message_integrity(password.encode()):
                seen, seen_port = answer.attributes["XOR-MAPPED-ADDRESS"]
                return f"{seen}:{seen_port}"
    return None


@contextmanager
def started(settings: Settings) -> Iterator[Client]:
    """A server on the same UDP address, with an empty data folder of its own. Raises Unavailable when it does not start."""
    with tempfile.TemporaryDirectory(prefix="spacesctl-doctor-") as folder:
        data = Path(folder) / "data"
        announce = [word for address in settings.announce for word in ("--announce", address)]
        words = ["serve", "--http", "127.0.0.1:0", "--udp", settings.udp, "--data", str(data), "--json", *announce]
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "spacesctl", *words, "--no-bots", "--no-profile", "--log-level", "error"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=folder,
        )  # fmt: skip
        try:
            yield _client_of(process, data)
        finally:
            process.terminate()
            process.communicate(timeout=15)


def _client_of(process: subprocess.Popen[str], data: Path) -> Client:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        raise Unavailable(process.stderr.read().strip().removeprefix("spacesctl: ") or "the server did not start")
    return Client(json.loads(line)["http"], (data / "owner.token").read_text().strip())


def try_out(settings: Settings) -> list[Finding]:
    """Start one for a moment, when none runs."""
    try:
        with started(settings) as client:
            return [ok("server", "none runs; one started for this test and ended again"), *udp(client)]
    except SpacesError as error:
        return [fail("server", error.message, "mend that, then ask again")]
