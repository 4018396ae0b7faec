"""How many connections the server may have: what its user may, not what a shell thinks of."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from spacesctl.server.process.http_server import MOST_FILES, allow_connections


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
