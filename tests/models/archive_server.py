"""An HTTP server for large files that breaks off when told to: with ranges and ETags, as a real one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Archive:
    """`content` is served at any path. `cut` has, for each coming answer, the bytes after which it breaks off."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag: str | None = '"one"'
        self.cut: list[int] = []
        self.asked: list[tuple[str | None, int]] = []
        """Range and status of each request."""
        self.says_length = True
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/model.zip"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        begin, status = self._range(request)
        self.asked.append((request.headers["Range"], status))
        body = self.content[begin:]
        request.send_response(status)
        if self.etag:
            request.send_header("ETag", self.etag)
        if self.says_length:
            request.send_header("Content-Length", str(len(body)))
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(body[: self.cut.pop(0)] if self.cut else body)

    def _range(self, request: BaseHTTPRequestHandler) -> tuple[int, int]:
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers["Range"] or "")
        if asked is None or request.headers["If-Range"] != self.etag:
            return 0, 200
        begin = int(asked[1])
        return (begin, 206) if begin < len(self.content) else (len(self.content), 416)


@contextmanager
def serving(content: bytes) -> Iterator[Archive]:
    archive = Archive(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            archive.answer(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    archive.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
