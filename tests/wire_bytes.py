"""Bytes over sockets: requests as no library would send them, and what comes back up to the end of the connection."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any


def connect(http: str, *, source: str | None = None, receive_buffer: int = 0) -> socket.socket:
    """A connection to `HOST:PORT`, from the address `source`."""
    host, _, port = http.rpartition(":")
    made = socket.socket()
    made.settimeout(15)
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source is not None:
        made.bind((source, 0))
    made.connect((host, int(port)))
    return made


def read_all(made: socket.socket) -> bytes:
    """What comes until the connection ends."""
    found = b""
    with made, contextlib.suppress(ConnectionError):
        while some := made.recv(65_536):
            found += some
    return found


def read_until(made: socket.socket, mark: bytes) -> bytes:
    """What comes up to `mark`. Fails when the connection ends before."""
    found = b""
    while mark not in found:
        some = made.recv(65_536)
        assert some, found
        found += some
    return found


def ask(http: str, data: bytes, *, source: str | None = None) -> bytes:
    """Send, and read to the end of the connection. What cannot be sent any more is left."""
    made = connect(http, source=source)
    with contextlib.suppress(ConnectionError):
        made.sendall(data)
    return read_all(made)


def get(path: str, *lines: str, host: str | None = "localhost", version: str = "1.1") -> bytes:
    """A request for one answer."""
    head = [f"GET {path} HTTP/{version}", *([f"Host: {host}"] if host else []), *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n"


def statuses(answers: bytes) -> list[int]:
    """The statuses of all answers."""
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def problem(answer: bytes) -> dict[str, Any]:
    """The document of an answer that must be a problem and end the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower(), answer[:400]
    assert b"connection: close" in head.lower(), head
    found: dict[str, Any] = json.loads(body)
    assert found["status"] == int(head[9:12])
    return found
