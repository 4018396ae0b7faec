"""How many connections the server may have: what its user may, not what a shell thinks of; and how it ends them."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from spacesctl.server.http.front.front import Front
from spacesctl.server.process import http_server
from spacesctl.server.process.http_server import MOST_FILES, HttpServer, allow_connections, bind
from tests.wire_bytes import get


@pytest.fixture
def most() -> Iterator[int]:
    """What this user may have; this process' limit is a shell's meanwhile."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def test_the_server_takes_all_the_connections_that_it_may_have(most: int) -> None:
    allow_connections()
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, most)


def test_a_limit_that_is_high_enough_is_left_alone(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacesctl.server.process.http_server.MOST_FILES", 512)
    allow_connections()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1024, most)


@pytest.mark.anyio
async def test_a_request_that_is_cut_off_at_the_end_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "GRACE", 1)
    begun = asyncio.Event()

    async def for_ever(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    with bind("127.0.0.1:0") as bound, caplog.at_level(logging.ERROR):
        server = HttpServer(for_ever, Front())
        serving = server.begin(bound)
        await server.listening.wait()
        _, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(get("/"))
        await begun.wait()
        server.should_exit = True
        await serving
        await asyncio.sleep(0.1)
        writer.close()
    assert caplog.messages == []
