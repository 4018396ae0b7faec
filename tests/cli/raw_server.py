"""A server that says the same bytes to every request, whatever they are: what a client must survive."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Say = Callable[[socket.socket], None]


def answer(
    body: bytes, kind: str = "application/json", status: str = "200 OK", *headers: str, length: int | None = None
) -> bytes:
    """An answer of HTTP. `length` is what it says of its length, which may be a lie."""
    told = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    told += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*told, "Connection: close", "", ""]).encode() + body


@contextmanager
def raw_server(said: bytes | Say) -> Iterator[str]:
    """Its URL. `said`: what each connection gets after its request, or a function that speaks."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def talk(there: socket.socket) -> None:
        with there, suppress(OSError):
            there.settimeout(5)
            _read_request(there)
            if callable(said):
                said(there)
            else:
                there.sendall(said)
                there.shutdown(socket.SHUT_WR)
                while there.recv(65_536):
                    pass

    def serve() -> None:
        while True:
            try:
                there, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=talk, args=(there,), daemon=True))
            threads[-1].start()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in (accepting, *threads):
            thread.join(6)


def _read_request(there: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (more := there.recv(65_536)):
            return
        head += more


def reset(there: socket.socket) -> None:
    """Break off in the middle of a body, with a RST."""
    there.sendall(answer(b'{"data": [', length=1000))
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
