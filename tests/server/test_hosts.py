"""A server answers to its own names only: a page whose name was made to lead here (DNS rebinding) reads nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from spacesctl.domain.errors import Invalid
from spacesctl.server.http.front.hosts import REMEMBERED, Hosts
from spacesctl.server.process.settings import load
from tests.running import RunningServer, running_server
from tests.wire_bytes import ask, connect, get, read_all, read_until, statuses

CLOSE = "Connection: close"
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "config.toml").write_text('hosts = ["rooms.example"]\n')
    flags = ("--no-bots", "--public-url", "https://voice.example", "--config", str(folder / "config.toml"))
    with running_server(folder / "data", *flags) as running:
        yield running


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST.", "voice.example", "rooms.example:443"]
)
def test_its_own_names_are_answered(server: RunningServer, host: str) -> None:
    assert statuses(ask(server.http, get("/metrics", CLOSE, host=host))) == [200]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "192.0.2.1", "localhost.evil.example", "2130706433"]
)
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/v1/spaces", "/nowhere"])
def test_other_names_are_misdirected(server: RunningServer, host: str, path: str) -> None:
    answer = ask(server.http, get(path, CLOSE, host=host))
    assert statuses(answer) == [421]
    assert b'"code":"misdirected"' in answer
    assert b"content-type: application/problem+json" in answer


def test_a_websocket_of_another_name_is_not_opened(server: RunningServer) -> None:
    place = "/v1/spaces/x/lanes?role=listen"
    answer = ask(server.http, get(place, *UPGRADE, host="evil.example", version="1.1"))
    assert statuses(answer) == [421]
    assert b'"code":"misdirected"' in answer


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example"])
def test_a_websocket_of_another_sites_page_is_told_so(server: RunningServer, origin: str) -> None:
    made = connect(server.http)
    made.sendall(get("/v1/spaces/x/lanes?role=listen", *UPGRADE, f"Origin: {origin}"))
    said = read_until(made, b'"reason":"origin"')
    assert statuses(said) == [101]
    made.close()


@pytest.mark.parametrize("host", ["a b", "user@localhost", "[::1", "localhost:x", "localhost/", "[localhost]"])
def test_what_is_no_host_is_a_bad_request(server: RunningServer, host: str) -> None:
    assert statuses(ask(server.http, get("/healthz", CLOSE, host=host))) == [400]


def test_behind_a_proxy_the_forwarded_name_counts(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("proxied")
    flags = ("--no-bots", "--behind-proxy", "--public-url", "https://voice.example")
    with running_server(folder / "data", *flags) as server:
        for told, status in (("voice.example", 200), ("evil.example", 421)):
            made = connect(server.http)
            made.sendall(get("/healthz", CLOSE, f"X-Forwarded-Host: {told}", host="127.0.0.1:8420"))
            assert statuses(read_all(made)) == [status]


def test_bound_to_all_addresses_every_address_counts_and_the_machines_name() -> None:
    everywhere = Hosts("0.0.0.0")
    for name in ("192.0.2.1", "[2001:db8::1]:8420", socket.gethostname(), f"{socket.gethostname()}.local"):
        assert everywhere.allows(name.encode()) is True, name
    assert everywhere.allows(b"evil.example") is False


def test_bound_to_one_address_only_that_one_counts() -> None:
    here = Hosts("2001:db8::5", more=["192.0.2.9", "voice.example"])
    for name in ("[2001:DB8:0::5]:1", "192.0.2.9", "Voice.Example", "127.3.3.3"):
        assert here.allows(name.encode()) is True, name
    for name in ("192.0.2.1", "[2001:db8::6]", ""):
        assert not here.allows(name.encode()), name


def test_verdicts_take_no_memory_without_end() -> None:
    here = Hosts("127.0.0.1")
    for number in range(3 * REMEMBERED):
        assert here.allows(f"n{number}.example".encode()) is False
    assert len(here._known) <= REMEMBERED


def test_hosts_are_given_as_a_list_or_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACESCTL_HOSTS", "Rooms.example, [2001:db8::1], 2001:db8::2")
    assert load(None).hosts == ["rooms.example", "2001:db8::1", "2001:db8::2"]
    with pytest.raises(Invalid, match="hosts"):
        load(None, hosts=["https://rooms.example"])
