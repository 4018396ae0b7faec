"""Checks of the server itself: whether it answers, the state of its parts, and whether its port for sound can be reached at the
addresses that it offers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
from aioice import stun

from spacesctl.api.operation import Candidate, ExpectedProbe, Readiness
from spacesctl.api.wire import load
from spacesctl.client.connecting import connection, proxies_of_the_environment
from spacesctl.client.http import Client
from spacesctl.doctor.finding import Finding, fail, ok, warn
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, SpacesError, Unavailable
from spacesctl.rtc.frames import FrameError, FrameReader, framed
from spacesctl.server.process.settings import Settings

Way = Literal["udp", "tcp"]
ATTEMPTS = 3
"""Connectivity checks that are sent to an address before it counts as unreachable."""
PATIENCE = 0.7
"""Seconds to wait for the answer to each."""


def server(url: str) -> Finding | None:
    """The state that the server at `url` reports; None when nothing answers there."""
    try:
        with proxies_of_the_environment(), httpx.Client(**connection(url), timeout=5) as http:
            answer = http.get(f"{url}/readyz")
        checks = load(answer.content, Readiness).checks
    except httpx.TransportError as error:
        if "certificate" in str(error).lower():
            return fail(
                "server", f"{url}: {error}", "set SSL_CERT_FILE to the authority's certificate, or renew the server's"
            )
        return None
    except ValueError:
        return fail("server", f"the server at {url} is not spacesctl", "check `url`, and the proxy if there is one")
    said = ", ".join(f"{name} {state}" for name, state in checks.items())
    if answer.status_code != 200:
        return fail("server", f"runs at {url}, not ready: {said}", "look at its log")
    if checks.get("bot") != "ok":
        return warn(
            "server", f"runs at {url}: {said}", "no captions and no rules until the bot is ready; look at the log"
        )
    return ok("server", f"runs at {url}: {said}")


def udp(client: Client) -> list[Finding]:
    """Try each address that the server offers to clients, with a connectivity check as a browser sends it."""
    try:
        probe = client.server.probe()
    except (NotSignedIn, NotAllowed):
        todo = (
            "set SPACESCTL_TOKEN to an operator's token (the first start wrote one to owner.token in the data folder)"
        )
        return [warn("udp", "not checked: this needs an operator's token", todo)]
    except (NotFound, Unavailable) as error:
        return [fail("udp", error.message, "look at the server's log")]
    over_udp = [_candidate("udp", one, probe) for one in probe.candidates]
    return over_udp + [_candidate("tcp", one, probe) for one in probe.tcp_candidates]


def _candidate(way: Way, at: Candidate, probe: ExpectedProbe) -> Finding:
    host, port = at.host, at.port
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    todo = _UNREACHED if way == "udp" else _UNREACHED_OVER_TCP
    try:
        seen = (_ask if way == "udp" else _ask_over_tcp)(host, port, probe.username, probe.password)
    except OSError as error:
        why = f"cannot send to {where} from here ({error.strerror or error})"
        return fail("udp", why, todo) if way == "udp" else warn("tcp", why, todo)
    if seen is None:
        return warn(way, f"no answer from {where}", todo)
    return ok(way, f"{where} answers; it sees this process as {seen}")


_UNREACHED_OVER_TCP = "open this port for TCP too, for clients in networks that block UDP; or set `ice_tcp = false`"
_UNREACHED = (
    "open this port for UDP, and set `announce` to the address at which clients reach it. Some routers do not forward packets from "
    "inside to their own public address: then run `spacesctl --url https://... doctor` outside your network"
)


def _ask(host: str, port: int, username: str, password: str) -> str | None:
    """Our address as the server sees it, from its answer to a connectivity check (RFC 8489); None without an authenticated answer."""
    request = _check(username, password)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((host, port))
        for _ in range(ATTEMPTS):
            sock.send(bytes(request))
            try:
                seen = _seen(sock.recv(2048), request, password)
            except (TimeoutError, ConnectionRefusedError):
                continue
            if seen is not None:
                return seen
    return None


def _ask_over_tcp(host: str, port: int, username: str, password: str) -> str | None:
    """The same over TCP (RFC 6544)."""
    request = _check(username, password)
    with socket.create_connection((host, port), timeout=ATTEMPTS * PATIENCE) as sock:
        sock.sendall(framed(bytes(request)))
        reader, answers = FrameReader(), list[bytes]()
        try:
            while not answers and (data := sock.recv(2048)):
                answers = reader.feed(data)
        except (TimeoutError, FrameError):
            return None
    return _seen(answers[0], request, password) if answers else None


def _check(username: str, password: str) -> stun.Message:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = username
    request.add_message_integrity(password.encode())
    return request


def _seen(data: bytes, request: stun.Message, password: str) -> str | None:
    """Our address in an answer to `request`; None when the answer is not authenticated with the password."""
    try:
        answer = stun.parse_message(data)
    except ValueError:
        return None
    if answer.transaction_id != request.transaction_id or not answer.check_message_integrity(password.encode()):
        return None
    host, port = answer.attributes["XOR-MAPPED-ADDRESS"]
    return f"{host}:{port}"


@contextmanager
def started(settings: Settings) -> Iterator[Client]:
    """Run a server on the same UDP address with a temporary data folder. Raises Unavailable when it does not start."""
    with tempfile.TemporaryDirectory(prefix="spacesctl-doctor-") as folder:
        data = Path(folder) / "data"
        announce = [word for address in settings.announce for word in ("--announce", address)]
        words = ["serve", "--http", "127.0.0.1:0", "--udp", settings.udp, "--data", str(data), "--json", *announce]
        surroundings = {**os.environ, "SPACESCTL_ICE_TCP": str(settings.ice_tcp).lower()}
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "spacesctl", *words, "--no-bots", "--no-profile", "--log-level", "error"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=folder,
            env=surroundings,
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
    """Start a server for a moment and check its ports; for when none is running."""
    try:
        with started(settings) as client:
            return [ok("server", "none is running; one was started for this check and stopped again"), *udp(client)]
    except SpacesError as error:
        return [fail("server", error.message, "correct that, then run `spacesctl doctor` again")]
