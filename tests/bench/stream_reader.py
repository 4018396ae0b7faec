"""Thousands of event streams in one process, for `streams.py`: `python stream_reader.py HOST PORT PATH COUNT SLOW`.

It says `ready` when all streams have begun. When its standard input ends it prints one line of JSON: when each mark (a title, or the tick
of some reactions) came to each stream, in seconds of the monotonic clock, how many streams were ended, and how many bytes came. Streams
that are slow read nothing after the beginning.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections import defaultdict

AT_ONCE = 50
"""Connections that are opened at a time."""
_MARK = re.compile(rb'"title":"(mark-\d+)"|event: reactions\ndata: [^\n]*"(tick":\d+)')


class Reader:
    """All streams, by their descriptors."""

    def __init__(self) -> None:
        self.came: dict[str, list[float]] = defaultdict(list)
        self.bytes = self.ended = 0
        self._poll = select.epoll()
        self._streams: dict[int, socket.socket] = {}
        self._slow: list[socket.socket] = []
        self._rest: dict[int, bytes] = {}

    def open(self, place: tuple[str, int], path: str, count: int, slow: int) -> None:
        """Open the streams, and wait until each has said hello."""
        head = f"GET {path} HTTP/1.1\r\nHost: {place[0]}\r\n\r\n".encode()
        left = count + slow
        while left:
            some = [self._request(place, head) for _ in range(min(AT_ONCE, left))]
            for one in some:
                _hello(one)
                if len(self._slow) < slow:
                    self._slow.append(one)
                    continue
                one.setblocking(False)
                self._streams[one.fileno()] = one
                self._poll.register(one, select.EPOLLIN)
            self.read(0)
            left -= len(some)

    def _request(self, place: tuple[str, int], head: bytes) -> socket.socket:
        made = socket.create_connection(place, 60)
        made.sendall(head)
        return made

    def read(self, seconds: float) -> None:
        """Read what has come, or comes within so many seconds."""
        for number, _ in self._poll.poll(seconds, 512):
            try:
                data = self._streams[number].recv(65_536)
            except OSError:
                data = b""
            if data:
                self._take(number, data)
            else:
                self.ended += 1
                self._poll.unregister(number)

    def _take(self, number: int, data: bytes) -> None:
        now = time.monotonic()
        self.bytes += len(data)
        if number in self._rest:
            data = self._rest.pop(number) + data
        for found in _MARK.finditer(data):
            self.came[(found[1] or found[2]).decode()].append(now)
        if not data.endswith(b"\n\r\n"):
            self._rest[number] = data[data.rfind(b"\n\n") + 1 :]


def _hello(one: socket.socket) -> None:
    found = b""
    while b"event: hello" not in found:
        some = one.recv(65_536)
        if not some:
            raise ConnectionResetError(found)
        found += some


def main() -> None:
    host, port, path, count, slow = sys.argv[1:]
    reader = Reader()
    reader.open((host, int(port)), path, int(count), int(slow))
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        reader.read(0.05)
    print(json.dumps({"came": reader.came, "bytes": reader.bytes, "ended": reader.ended}))


if __name__ == "__main__":
    main()
