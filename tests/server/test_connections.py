"""How many connections, streams and requests there may be, in all and from one address, and who gives way."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spacesctl.probe.machine import children
from spacesctl.server.http.front.by_address import SUBSCRIBER, AddressCounts, networks
from spacesctl.server.http.front.limits import RequestLimits
from spacesctl.server.http.rates import LOOPBACK
from tests.certificates import Authority
from tests.running import RunningServer, running_server, wait_until
from tests.wire_bytes import ask, connect, get, problem, read_all, read_until, statuses

CLOSE = "Connection: close"
KEPT = get("/healthz")
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def config(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "config.toml").write_text(text)
    return ("--no-bots", "--config", str(folder / "config.toml"))


def metric(server: RunningServer, name: str) -> int:
    text = ask(server.http, get("/metrics", CLOSE)).decode()
    return next(int(float(line.rpartition(" ")[2])) for line in text.splitlines() if line.startswith(name))


def open_connections(stack: ExitStack, server: RunningServer, count: int, data: bytes = b"") -> list[socket.socket]:
    made = [stack.enter_context(connect(server.http)) for _ in range(count)]
    for one in made:
        one.sendall(data)
    return made


@pytest.mark.slow
def test_silent_connections_above_the_limit_of_descriptors_do_not_stop_a_server(tmp_path: Path) -> None:
    flags = config(tmp_path, "[requests]\nhead_seconds = 3600.0\n")
    with running_server(tmp_path / "data", *flags, descriptors=256) as server, ExitStack() as stack:
        stuck = open_connections(stack, server, 400)
        assert statuses(ask(server.http, get("/readyz", CLOSE))) == [200]
        assert metric(server, "spacesctl_http_connections ") <= 192
        assert metric(server, 'spacesctl_http_refused_total{why="gave_way"}') >= 200
        [engine] = [pid for pid, line in children(server.process.pid).items() if "spacesctl.engine" in line]
        os.kill(engine, signal.SIGKILL)
        wait_until(lambda: engine not in children(server.process.pid), 20)
        wait_until(lambda: statuses(ask(server.http, get("/readyz", CLOSE))) == [200], 20)
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < 256
        assert len(stuck) == 400


def test_who_waits_longest_gives_way_and_who_has_a_request_stays(tmp_path: Path) -> None:
    flags = config(tmp_path, "[requests]\nhead_seconds = 3600.0\nidle_seconds = 3600\nconnections = 20\n")
    with running_server(tmp_path / "data", *flags) as server, ExitStack() as stack:
        account = server.account("host")
        with server.client(account["token"]) as host:
            space = host.post("/v1/spaces", {"title": "Full", "start": True})["id"]
        streams = open_connections(stack, server, 15, get(f"/v1/spaces/{space}/events"))
        for one in streams:
            read_until(one, b"event: hello")
        first, second = open_connections(stack, server, 2)
        open_connections(stack, server, 4)
        assert read_all(first) == b""
        second.sendall(get("/healthz", CLOSE))
        assert statuses(read_all(second)) == [200]
        for one in streams:
            one.sendall(b"")
            one.setblocking(False)
            with pytest.raises(BlockingIOError):
                while one.recv(65_536):
                    pass


def test_an_address_has_so_many_connections_and_is_told_so(tmp_path: Path) -> None:
    flags = config(tmp_path, "[limits]\nconnections = 1\n[requests]\nhead_seconds = 3600.0\nidle_seconds = 3600\n")
    with running_server(tmp_path / "data", *flags) as server, ExitStack() as stack:
        made = open_connections(stack, server, LOOPBACK, KEPT)
        for one in made:
            assert statuses(read_until(one, b'"}')) == [200]
        found = problem(ask(server.http, get("/healthz")))
        assert (found["status"], found["code"]) == (429, "too_many")
        assert found["retry_after"] > 0
        assert statuses(ask(server.http, get("/healthz", CLOSE), source="127.0.0.2")) == [200]
        made[0].close()
        wait_until(lambda: statuses(ask(server.http, get("/healthz", CLOSE))) == [200])


def test_an_address_has_so_many_event_streams(tmp_path: Path) -> None:
    flags = config(tmp_path, "[limits]\nstreams = 1\n")
    with running_server(tmp_path / "data", *flags) as server, ExitStack() as stack:
        account = server.account("host")
        with server.client(account["token"]) as host:
            space = host.post("/v1/spaces", {"title": "Streams", "start": True})["id"]
        events = f"/v1/spaces/{space}/events"
        made = open_connections(stack, server, LOOPBACK, get(events))
        for one in made:
            read_until(one, b"event: hello")
        answer = ask(server.http, get(events, CLOSE))
        assert problem(answer)["status"] == 429
        assert b"retry-after: " in answer.lower()
        assert metric(server, "spacesctl_event_streams") == LOOPBACK
        made[0].close()
        wait_until(lambda: metric(server, "spacesctl_event_streams") == LOOPBACK - 1)
        [again] = open_connections(stack, server, 1, get(events))
        read_until(again, b"event: hello")


@pytest.fixture
def behind_proxy(tmp_path: Path) -> Iterator[RunningServer]:
    flags = config(tmp_path, "behind_proxy = true\n[limits]\nconnections = 2\nstreams = 1\n")
    with running_server(tmp_path / "data", *flags) as server:
        yield server


def test_behind_a_proxy_the_forwarded_address_counts_and_not_the_proxys(behind_proxy: RunningServer) -> None:
    account = behind_proxy.account("host")
    with behind_proxy.client(account["token"]) as host:
        space = host.post("/v1/spaces", {"title": "Proxied", "start": True})["id"]

    def stream(forwarded: str) -> bytes:
        return get(f"/v1/spaces/{space}/events", f"X-Forwarded-For: {forwarded}", CLOSE)

    with ExitStack() as stack:
        for address in ("203.0.113.1", "203.0.113.2", *(f"2001:db8:0:{n}::1" for n in range(SUBSCRIBER))):
            [one] = open_connections(stack, behind_proxy, 1, stream(address))
            read_until(one, b"event: hello")
        for address in ("203.0.113.1", "2001:db8:0:1::2", "2001:db8:0:ff::1"):
            assert statuses(ask(behind_proxy.http, stream(address))) == [429], address
        [other] = open_connections(stack, behind_proxy, 1, stream("2001:db8:0:100::1"))
        read_until(other, b"event: hello")
        open_connections(stack, behind_proxy, 2 * LOOPBACK + 1, KEPT)
        assert statuses(ask(behind_proxy.http, get("/healthz", CLOSE))) == [200]


def test_behind_a_proxy_requests_in_progress_have_a_limit(behind_proxy: RunningServer) -> None:
    half = (
        "POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Length: 9\r\n"
        f"Authorization: Bearer {behind_proxy.owner_token}\r\n\r\n"
    ).encode()
    asked = get("/healthz", "X-Forwarded-For: 203.0.113.9", CLOSE)
    with ExitStack() as stack:
        open_connections(stack, behind_proxy, 2, half)
        wait_until(lambda: statuses(ask(behind_proxy.http, asked)) == [429])
        assert statuses(ask(behind_proxy.http, asked.replace(b".9", b".8"))) == [200]
        lanes = get("/v1/spaces/x/lanes", *UPGRADE, "X-Forwarded-For: 203.0.113.9")
        assert statuses(ask(behind_proxy.http, lanes)) == [429]
    wait_until(lambda: statuses(ask(behind_proxy.http, asked)) == [200])


@pytest.mark.slow
def test_a_connection_without_a_tls_handshake_counts_and_is_closed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue(tmp_path / "cert.pem", tmp_path / "key.pem")
    certificate = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    flags = config(tmp_path, "[requests]\nhead_seconds = 1.0\n")
    with running_server(tmp_path / "data", *flags, *certificate, descriptors=256) as server:
        place = server.url.removeprefix("https://")
        trust = ssl.create_default_context(cafile=str(authority.ca))
        with trust.wrap_socket(connect(place), server_hostname="localhost") as secured:
            for _ in range(3):
                secured.sendall(KEPT)
                assert statuses(read_until(secured, b'"}')) == [200]
            secured.sendall(get("/" + "a" * 20_000))
            assert problem(read_all(secured))["status"] == 431
        with ExitStack() as stack:
            made = [stack.enter_context(connect(place)) for _ in range(300)]
            assert read_all(made[0]) == b""
            assert read_all(made[-1]) == b""
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < 256


def test_tls_handshakes_that_begin_at_once_and_in_pieces_are_finished(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue(tmp_path / "cert.pem", tmp_path / "key.pem")
    certificate = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    trust = ssl.create_default_context(cafile=str(authority.ca))
    with running_server(tmp_path / "data", "--no-bots", *certificate) as server:
        for size in (1, 5, 100, *([10_000] * 40)):
            with connect(server.url.removeprefix("https://")) as made:
                coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
                secured = trust.wrap_bio(coming, going, server_hostname="localhost")
                with contextlib.suppress(ssl.SSLWantReadError):
                    secured.do_handshake()
                hello = going.read()
                for at in range(0, len(hello), size):
                    made.sendall(hello[at : at + size])
                while not finished(secured):
                    coming.write(made.recv(65_536))
                secured.write(KEPT)
                made.sendall(going.read())
                assert made.recv(1)


def finished(secured: ssl.SSLObject) -> bool:
    try:
        secured.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def test_ipv6_counts_by_the_network_of_a_subscriber_and_by_that_of_a_customer() -> None:
    assert networks("2001:db8:1:2ff:3::4") == (("2001:db8:1:2ff::/64", 1), ("2001:db8:1:200::/56", SUBSCRIBER))
    assert networks("::ffff:192.0.2.1") == networks("192.0.2.1") == (("192.0.2.1", 1),)
    assert networks("::1") == (("::/64", LOOPBACK),)
    counts = AddressCounts()
    taken = [counts.take(f"2001:db8::{n:x}:0:0:0:1", 2) for n in range(10) for _ in range(3)]
    assert taken == [True, True, False] * SUBSCRIBER + [False] * (3 * (10 - SUBSCRIBER))
    for n in range(SUBSCRIBER):
        counts.give_back(f"2001:db8::{n:x}:0:0:0:1")
        counts.give_back(f"2001:db8::{n:x}:0:0:0:2")
    assert len(counts) == 0


def test_no_limit_is_no_limit() -> None:
    counts = AddressCounts()
    assert all(counts.take("192.0.2.1", 0) for _ in range(10_000))


def test_connections_never_take_all_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 4096))
    assert RequestLimits().most_connections == 768
    assert RequestLimits(connections=100).most_connections == 100
    assert RequestLimits(connections=5_000).most_connections == 768
