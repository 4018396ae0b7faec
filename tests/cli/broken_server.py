"""A server that answers what it is told to and breaks off where a real one would only by chance."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Told: TypeAlias = str | int | list[str | None]
"""An answer: JSON, HTML or Ogg, a status without a body, or the pieces of an event stream, where None breaks the connection."""


def event(kind: str, data: dict[str, Any], seq: int | None = None) -> str:
    """An event as the server writes it."""
    stored = {"seq": seq, "at": "2026-11-29T12:00:00.000Z", "tick": 0} if seq is not None else {}
    body = json.dumps({"type": kind, "data": data, **stored})
    return (f"id: {seq}\n" if seq is not None else "") + f"event: {kind}\ndata: {body}\n\n"


@contextmanager
def broken_server(answers: dict[str, list[Told]]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Its URL, and what it was asked for: path and `Last-Event-ID`. Each path gives its answers in turn, the last one again and again."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            path = self.path.partition("?")[0]
            asked.append((path, self.headers["Last-Event-ID"]))
            left = answers.get(path, [404])
            self._answer(left.pop(0) if len(left) > 1 else left[0])

        do_POST = do_GET  # noqa: N815  # the name that the library calls

        def _answer(self, told: Told) -> None:
            self.send_response(told if isinstance(told, int) else 200)
            page = isinstance(told, str) and told.startswith("<")
            kind = "text/event-stream" if isinstance(told, list) else "text/html" if page else "application/json"
            kind = "audio/ogg" if isinstance(told, str) and told.startswith("OggS") else kind
            self.send_header("Content-Type", kind)
            if isinstance(told, list):
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if isinstance(told, str):
                self.wfile.write(told.encode())
            elif isinstance(told, list):
                self._stream(told)

        def _stream(self, pieces: list[str | None]) -> None:
            for piece in pieces:
                if piece is None:
                    return  # without the last chunk: the connection is cut
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece.encode()), piece.encode()))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
