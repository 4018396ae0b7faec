"""Event streams over real sockets: what the one writer sends, and how streams end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from spacesctl.live.stream_writer import SLICE
from tests.running import RunningServer, running_server, unlimited
from tests.wire_bytes import connect, get, read_all, read_until, statuses

END = b"0\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data", "--no-bots", *unlimited(tmp_path)) as running:
        yield running


class Host:
    """Whose Space is followed."""

    def __init__(self, server: RunningServer) -> None:
        self.server, self.token = server, server.account("host")["token"]
        with server.client(self.token) as host:
            made: dict[str, Any] = host.post("/v1/spaces", {"title": "Streams", "start": True})
        self.place = f"/v1/spaces/{made['id']}"
        self.events = f"{self.place}/events"

    def rename(self, *titles: str) -> None:
        with self.server.client(self.token) as host:
            for title in titles:
                host.patch(self.place, {"title": title})

    def end(self) -> None:
        with self.server.client(self.token) as host:
            host.post(f"{self.place}/end")


def body_of(answer: bytes) -> bytes:
    """The body: the chunks of HTTP/1.1 joined, which must be whole and end with the last one; of HTTP/1.0 what comes to the end."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return rest
    found = b""
    while True:
        length, _, rest = rest.partition(b"\r\n")
        size = int(length, 16)
        found, end, rest = found + rest[:size], rest[size : size + 2], rest[size + 2 :]
        assert end == b"\r\n"
        if not size:
            assert rest == b""
            return found


def durable(body: bytes) -> list[bytes]:
    return [one for one in body.split(b"\n\n") if one.startswith(b"id: ")]


def test_many_streams_get_exactly_what_the_store_has_in_both_versions_of_http(server: RunningServer) -> None:
    host = Host(server)
    with ExitStack() as stack:
        streams = []
        for number in range(SLICE + 50):
            one = stack.enter_context(connect(server.http))
            one.sendall(get(host.events, "Connection: close", version="1.0" if number % 3 == 0 else "1.1"))
            assert b"event: hello" in read_until(one, b"\n\n")
            streams.append(one)
        host.rename(*(f"Title {number}" for number in range(30)))
        replayed = connect(server.http)
        replayed.sendall(get(host.events, "Last-Event-ID: 2", "Connection: close"))
        first = read_until(replayed, b"Title 29")
        host.end()
        stored = durable(body_of(first + read_all(replayed)))
        assert len(stored) == 31
        assert b"space.ended" in stored[-1]
        for one in streams:
            assert durable(_live(read_all(one))) == stored


def _live(rest: bytes) -> bytes:
    """What came after hello, of a body whose chunks begin there or that has none."""
    chunked = rest.startswith(b"\r\n") or re.match(rb"[0-9a-f]+\r\n", rest)
    return body_of(b"transfer-encoding: chunked\r\n\r\n" + rest.removeprefix(b"\r\n")) if chunked else rest


def test_a_connection_is_used_again_after_the_end_of_a_stream(server: RunningServer) -> None:
    host = Host(server)
    with connect(server.http) as one:
        one.sendall(get(host.events))
        read_until(one, b"event: hello")
        host.end()
        assert b"space.ended" in read_until(one, END)
        one.sendall(get("/healthz"))
        assert statuses(read_until(one, b'"}')) == [200]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_server_that_stops_ends_streams_as_their_version_of_http_says(server: RunningServer, version: str) -> None:
    host = Host(server)
    streams = [connect(server.http) for _ in range(30)]
    for one in streams:
        one.sendall(get(host.events, version=version))
        read_until(one, b"\n\n")
    host.rename("Last words")
    for one in streams:
        read_until(one, b"Last words")
    assert server.stop() == 0
    for one in streams:
        assert read_all(one).endswith(END) is (version == "1.1")
