"""Requests that are too large, too slow or malformed end with a problem, and hold nothing for long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running_server, wait_until
from tests.wire_bytes import ask, connect, get, problem, read_all, read_until, statuses

QUICK = """
[requests]
head_seconds = 1.0
body_gap_seconds = 1.0
body_seconds = 2.5
answer_seconds = 1.0
idle_seconds = 1
"""
CLOSE = "Connection: close"
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
UPLOAD = "POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose patience is short."""
    folder = tmp_path_factory.mktemp("requests")
    config = folder / "config.toml"
    config.write_text(QUICK)
    with running_server(folder / "data", "--no-bots", "--config", str(config)) as running:
        yield running


def refused(server: RunningServer, why: str) -> int:
    """How many requests were refused for this reason."""
    text = ask(server.http, get("/metrics", CLOSE)).decode()
    [line] = [line for line in text.splitlines() if line.startswith(f'spacesctl_http_refused_total{{why="{why}"}}')]
    return int(float(line.rpartition(" ")[2]))


def test_a_head_that_never_ends_is_answered_with_431_and_not_taken(server: RunningServer) -> None:
    made, sent = connect(server.http), 0
    made.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    with contextlib.suppress(OSError):
        while sent < 64 << 20:
            sent += made.send(b"a" * 65_536)
    assert sent < 64 << 20
    assert problem(read_all(made))["code"] == "head_too_large"


@pytest.mark.parametrize(
    "data",
    [
        get("/" + "a" * 20_000),
        get("/", "X: " + "a" * 20_000),
        get("/", *(["X: " + "a" * 1_000] * 20)),
        get("/", *(["X: a"] * 100)),
        b"\r\n" * 10_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 20_000,
    ],
    ids=["a long path", "a long field", "long fields", "many fields", "empty lines", "a name without end"],
)
def test_a_large_head_is_refused_whatever_it_is_made_of(server: RunningServer, data: bytes) -> None:
    found = problem(ask(server.http, data))
    assert (found["status"], found["code"]) == (431, "head_too_large")


def test_a_head_just_below_the_limit_is_served_in_one_piece_and_in_many(server: RunningServer) -> None:
    data = get("/healthz", CLOSE, *(["X: " + "a" * 900] * 17))
    assert statuses(ask(server.http, data)) == [200]
    made = connect(server.http)
    for at in range(0, len(data), 1_000):
        made.sendall(data[at : at + 1_000])
    assert statuses(read_all(made)) == [200]


def test_a_large_second_head_does_not_spoil_the_first_answer(server: RunningServer) -> None:
    answers = ask(server.http, get("/readyz") + get("/" + "a" * 20_000))
    assert statuses(answers)[0] == 200


def test_half_a_head_is_told_that_it_is_late(server: RunningServer) -> None:
    found = problem(ask(server.http, b"GET /healthz HTTP/1.1\r\nHost: loc"))
    assert (found["status"], found["code"]) == (408, "too_slow")


def dripped(server: RunningServer, first: bytes, piece: bytes) -> bytes:
    """What is answered to a client that sends `first`, and then a piece every fifth of a second."""
    made, done = connect(server.http), threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            made.sendall(first)
            while not done.wait(0.2):
                made.sendall(piece)

    dripping = threading.Thread(target=drip)
    dripping.start()
    answer = b""
    with contextlib.suppress(ConnectionError):
        while some := made.recv(4_096):
            answer += some
    done.set()
    dripping.join()
    made.close()
    return answer


def test_a_head_that_drips_is_not_waited_for(server: RunningServer) -> None:
    assert problem(dripped(server, b"GET / HTTP/1.1\r\nX: ", b"a"))["status"] == 408


def test_a_silent_connection_and_an_idle_one_are_closed_without_a_word(server: RunningServer) -> None:
    before = refused(server, "silent")
    assert read_all(connect(server.http)) == b""
    assert refused(server, "silent") == before + 1
    assert statuses(ask(server.http, get("/healthz"))) == [200]


@pytest.mark.parametrize(
    "lines", [[], ["Host: localhost", "Host: localhost"], ["Host: localhost", "Host: evil.example"]]
)
def test_two_hosts_or_none_are_a_bad_request(server: RunningServer, lines: list[str]) -> None:
    for more in (
        [],
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: a"],
    ):
        found = problem(ask(server.http, get("/healthz", *lines, *more, host=None)))
        assert (found["status"], found["field"]) == (400, "Host")


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        UPLOAD.encode() + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        UPLOAD.encode() + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        UPLOAD.encode() + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n",
    ],
    ids=["rubbish", "a blank before the colon", "a version", "two lengths", "two ways", "a chunk"],
)
def test_what_is_no_http_gets_a_problem(server: RunningServer, data: bytes) -> None:
    assert problem(ask(server.http, data))["status"] in (400, 401)


@pytest.mark.parametrize(
    "lines", [["X: " + "a" * 9_000], [f"X-{n}: a" for n in range(90)]], ids=["a long field", "many fields"]
)
def test_a_websocket_whose_head_is_too_large_for_it_does_not_stay_open(server: RunningServer, lines: list[str]) -> None:
    assert statuses(ask(server.http, get("/nowhere", *UPGRADE, *lines))) in ([400], [403])


@pytest.mark.parametrize("lines", [[], ["Content-Length: 3"]], ids=["without a body", "with one"])
def test_a_websocket_is_not_opened_by_post(server: RunningServer, lines: list[str]) -> None:
    data = get("/v1/spaces/x/lanes", *UPGRADE, *lines).replace(b"GET", b"POST", 1)
    assert statuses(ask(server.http, data)) in ([400], [405])


def test_an_upgrade_to_something_else_is_answered_and_ends_the_connection(server: RunningServer) -> None:
    answer = ask(server.http, get("/healthz", "Connection: Upgrade", "Upgrade: h2c"))
    assert statuses(answer) == [200]
    assert b"connection: close" in answer.lower()


def test_http_1_0_needs_no_host_and_gets_no_chunks(server: RunningServer) -> None:
    answer = ask(server.http, get("/healthz", host=None, version="1.0"))
    assert statuses(answer) == [200]
    assert b"transfer-encoding" not in answer.lower()


def test_streams_over_http_1_0_are_as_they_are_and_end_with_the_connection(server: RunningServer) -> None:
    account = server.account("host10")
    with server.client(account["token"]) as host:
        space = host.post("/v1/spaces", {"title": "Old", "start": True})["id"]
        events = connect(server.http)
        events.sendall(get(f"/v1/spaces/{space}/events", host=None, version="1.0"))
        first = read_until(events, b"event: hello\n")
        pages = connect(server.http)
        pages.sendall(get(f"/v1/spaces/{space}/listen.ogg", host=None, version="1.0"))
        sound = read_until(pages, b"OpusTags")
        host.post(f"/v1/spaces/{space}/end")
        first, sound = first + read_all(events), sound + read_all(pages)
    for answer in (first, sound):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert b"connection: close" in head.lower()
        assert body.startswith((b"event: hello\n", b"OggS"))
    assert b"\r\n" not in first.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_stalls_is_given_up(server: RunningServer, length: str) -> None:
    owner = f"Authorization: Bearer {server.owner_token}\r\n"
    found = problem(ask(server.http, f"{UPLOAD}{owner}{length}\r\n\r\n".encode()))
    assert (found["status"], found["code"]) == (408, "too_slow")


def test_a_body_that_drips_is_given_up(server: RunningServer) -> None:
    head = f"{UPLOAD}Authorization: Bearer {server.owner_token}\r\nContent-Length: 1000\r\n\r\n".encode()
    assert problem(dripped(server, head, b" "))["status"] == 408


def test_a_slow_body_that_gets_on_is_taken(server: RunningServer) -> None:
    made, text = connect(server.http), b'{"text": "slowly"}'
    made.sendall(
        f"{UPLOAD}{CLOSE}\r\nAuthorization: Bearer {server.owner_token}\r\nContent-Length: {len(text)}\r\n\r\n".encode()
    )
    waiting = threading.Event()
    for at in range(0, len(text), 6):
        made.sendall(text[at : at + 6])
        waiting.wait(0.4)
    assert statuses(read_all(made)) == [201]


@pytest.mark.parametrize(
    "piece", [b"1;" + b"e" * 4_000 + b"\r\na\r\n", b"0\r\n" + b"X: a\r\n" * 200], ids=["extensions", "trailers"]
)
def test_chunks_that_are_mostly_no_content_are_refused(server: RunningServer, piece: bytes) -> None:
    made = connect(server.http)
    made.sendall(f"{UPLOAD}Authorization: Bearer {server.owner_token}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        for _ in range(100):
            made.sendall(piece)
    assert problem(read_all(made))["status"] in (400, 431)


def test_a_body_without_end_for_a_request_that_was_answered_is_not_read_for_ever(server: RunningServer) -> None:
    made = connect(server.http)
    made.sendall(f"{UPLOAD}Content-Length: {1 << 40}\r\n\r\n".encode())
    before = read_until(made, b"\r\n\r\n")
    assert statuses(before) == [401]
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 64 << 20:
            sent += made.send(b" " * 65_536)
    made.close()
    assert sent < 64 << 20


def test_pipelined_requests_are_answered_in_order_up_to_a_limit(server: RunningServer) -> None:
    some = get("/healthz") + get("/nowhere") + get("/readyz", CLOSE)
    assert statuses(ask(server.http, some)) == [200, 404, 200]
    answers = statuses(ask(server.http, get("/readyz") * 500))
    assert 1 <= len(answers) <= 20


def test_who_does_not_read_a_large_answer_is_disconnected(server: RunningServer) -> None:
    before = refused(server, "answer_unread")
    with connect(server.http, receive_buffer=4_096) as made:
        made.sendall(get("/openapi.json") * 16)
        wait_until(lambda: refused(server, "answer_unread") > before)


def test_get_has_head_beside_it(server: RunningServer) -> None:
    with server.client(server.owner_token) as host:
        space = host.post("/v1/spaces", {"title": "Head", "start": True})["id"]
    paths = ["/healthz", "/readyz", f"/s/{space}", "/web/space.css", f"/v1/spaces/{space}/events", "/openapi.json"]
    for path in paths:
        answer = ask(server.http, get(path, CLOSE).replace(b"GET", b"HEAD", 1))
        assert statuses(answer) == [200], path
        assert answer.endswith(b"\r\n\r\n"), path


def test_the_bot_comes_where_the_environment_names_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with running_server(tmp_path / "data") as running:
        wait_until(lambda: b'"bot":"ok"' in ask(running.http, get("/readyz", CLOSE)), 40)
