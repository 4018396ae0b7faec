"""Block lists that are followed: what is remembered of them, and where they are fetched from."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import structs

from spacesctl.api.accounts import BlockEffect
from spacesctl.api.wire import Time
from spacesctl.client import followed_lists, remote_lists
from spacesctl.client.blocklists import MOST_BYTES, BlockList, Entry
from spacesctl.client.followed_lists import MOST_LISTS, Followed, additions, changed, parted, removals, require_same
from spacesctl.domain.errors import Invalid, Refused, SpacesError, Unavailable
from tests.certificates import Authority

FIRST, LATER = Time.read("2026-11-30T18:00:00.000Z"), Time.read("2026-12-01T18:00:00.000Z")


def listed(*handles: str, key: str = "a" * 64, made_at: Time = LATER) -> BlockList:
    entries = [Entry(handle=each) for each in handles]
    return BlockList(schema=1, server="https://a.example", by="@host", made_at=made_at, entries=entries, key=key)


def followed(source: str = "https://a.example/l.json", *taken: str, waiting: tuple[str, ...] = ()) -> Followed:
    return Followed(
        source=source, here="http://here", by_whom="@me", by="@host", server="https://a.example", key="a" * 64, made_at=FIRST,
        taken=list(taken), waiting=list(waiting),
    )  # fmt: skip


def effect(handle: str | None, **marks: bool) -> BlockEffect:
    none = dict.fromkeys(("blocked", "follows_you", "you_follow", "hosts", "speaks"), False)
    return BlockEffect(asked="@x", handle=handle, **(none | marks))


def test_only_what_is_new_and_hits_nobody_is_blocked_without_asking() -> None:
    before = followed("s", "@ann", "@gone", waiting=("@ben",))
    found = listed("@Ann", "@ben", "@cat", "@dan")
    assert [one.handle for one in additions(found, before)] == ["@cat", "@dan"]
    assert removals(found, before) == ["@gone"]
    marks = [{name: True} for name in ("follows_you", "you_follow", "hosts", "speaks")]
    waiting = [effect(f"@w{n}", **mark) for n, mark in enumerate(marks)]
    assert parted([effect("@cat"), *waiting, effect("@old", blocked=True, hosts=True), effect(None)]) == (
        ["@cat"], ["@w0", "@w1", "@w2", "@w3"], ["@old"],
    )  # fmt: skip
    now = changed(before, found, ["@cat"], ["@dan"])
    assert (now.taken, now.waiting, now.made_at) == (["@ann", "@cat"], ["@ben", "@dan"], LATER)
    assert additions(found, now) == []


def test_another_signer_and_an_older_list_are_not_believed() -> None:
    with pytest.raises(Refused, match="is signed by bbbb"):
        require_same(listed(key="b" * 64), followed())
    with pytest.raises(Refused, match="older than what was taken over"):
        require_same(listed(made_at=FIRST), structs.replace(followed(), made_at=LATER))
    require_same(listed(made_at=FIRST), followed())


def test_what_is_followed_is_kept_for_nobody_else_to_read_and_bounded() -> None:
    assert followed_lists.kept() == []
    followed_lists.keep(followed("a"))
    followed_lists.keep(followed("b", "@ann"))
    followed_lists.keep(followed("a", "@ben"))
    assert [(one.source, one.taken) for one in followed_lists.kept()] == [("b", ["@ann"]), ("a", ["@ben"])]
    assert stat.S_IMODE(followed_lists.path().stat().st_mode) == 0o600
    followed_lists.forget(followed("b"))
    assert [one.source for one in followed_lists.kept()] == ["a"]
    for n in range(MOST_LISTS - 1):
        followed_lists.keep(followed(str(n)))
    with pytest.raises(Refused, match="which is the most"):
        followed_lists.keep(followed("one more"))


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"schema": 2, "lists": []}', b'{"schema": 1, "lists": [1]}'])
def test_a_file_that_cannot_be_read_is_told(content: bytes) -> None:
    followed_lists.path().parent.mkdir(parents=True, exist_ok=True)
    followed_lists.path().write_bytes(content)
    with pytest.raises(Invalid, match=r"followed-blocklists\.json"):
        followed_lists.kept()


def test_a_list_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_bytes(b"x" * (MOST_BYTES + 9))
    assert len(remote_lists.fetched(str(tmp_path / "l.json"))) == MOST_BYTES + 1, "enough to see that it is too long"
    with pytest.raises(Invalid, match="cannot be read"):
        remote_lists.fetched(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    "source",
    [
        "http://a.example/l.json", "ftp://a.example/l", "https:///l", "https://me:secret@a.example/l", "https://a.example/l#part",
        "https://a.example/" + "x" * 500, "https://[::1", "https://127.0.0.1/l", "https://localhost/l", "https://[::1]/l",
        "https://10.0.0.1/l", "https://[::ffff:192.168.0.1]/l", "https://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_only_public_addresses_are_asked_and_only_by_https(source: str) -> None:
    with pytest.raises(Invalid) as caught:
        remote_lists.fetched(source)
    assert "secret" not in str(caught.value)


@contextmanager
def serving(folder: Path, answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server on this machine that gives this answer once; its address, and what it was asked."""
    authority = Authority(folder)
    authority.issue(folder / "cert.pem", folder / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    asked = list[bytes]()

    def serve() -> None:
        try:
            there, _ = listening.accept()
            with context.wrap_socket(there, server_side=True) as safe:
                asked.append(safe.recv(4096))
                safe.sendall(answer)
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}/l.json", asked
        listening.close()
        thread.join(5)


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], tuple[bytes, bytes]]:
    """Fetches from a server on this machine, which is taken for a public one: what came, and what was asked."""
    monkeypatch.setattr(remote_lists, "is_public", lambda address: address.version == 4)

    def fetch(answer: bytes) -> tuple[bytes, bytes]:
        with serving(tmp_path, answer) as (url, asked):
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            monkeypatch.setattr(remote_lists, "_trusted", lambda: context)
            return remote_lists.fetched(url), asked[0]

    return fetch


def test_a_list_is_fetched_by_its_name_and_with_no_secret(fetched: Callable[[bytes], tuple[bytes, bytes]]) -> None:
    came, asked = fetched(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlist")
    assert came == b"list"
    assert asked.startswith(b"GET /l.json HTTP/1.1\r\n")
    assert b"host: localhost:" in asked.lower()
    assert b"authorization" not in asked.lower()


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            Unavailable,
            "answered 302",
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Unavailable, "answered 404"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MOST_BYTES + 9), Invalid, "more than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Unavailable, "cannot be fetched"),
        (b"", Unavailable, "cannot be fetched"),
    ],
)
def test_what_is_no_list_is_told(
    fetched: Callable[[bytes], tuple[bytes, bytes]], answer: bytes, error: type[SpacesError], told: str
) -> None:
    with pytest.raises(error, match=told):
        fetched(answer)


def test_a_server_whose_certificate_nobody_knows_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_lists, "is_public", lambda address: address.version == 4)
    with serving(tmp_path, b"") as (url, asked):
        with pytest.raises(Unavailable, match="cannot be fetched"):
            remote_lists.fetched(url)
        assert asked == []


def test_a_head_that_comes_byte_by_byte_takes_no_longer_than_all_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_lists, "is_public", lambda address: address.version == 4)
    monkeypatch.setattr(remote_lists, "WITHIN", 0.5)
    with dripping(tmp_path) as url:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        monkeypatch.setattr(remote_lists, "_trusted", lambda: context)
        with pytest.raises(Unavailable, match="took more than"):
            remote_lists.fetched(url)


@contextmanager
def dripping(folder: Path) -> Iterator[str]:
    """A server whose answer has a head without an end."""
    authority, over = Authority(folder), threading.Event()
    authority.issue(folder / "cert.pem", folder / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def serve() -> None:
        try:
            there, _ = listening.accept()
            with context.wrap_socket(there, server_side=True) as safe:
                safe.recv(4096)
                safe.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.05):
                    safe.sendall(b"x")
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}/l.json"
        over.set()
        thread.join(5)


def test_of_commands_that_end_at_once_none_forgets_what_another_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_lists, "path", lambda: tmp_path / "lists.json")
    sources = [f"https://a.example/{n}.json" for n in range(20)]
    together = threading.Barrier(len(sources))

    def keep(source: str) -> None:
        together.wait()
        followed_lists.keep(followed(source))

    threads = [threading.Thread(target=keep, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.source for one in followed_lists.kept()) == sorted(sources)


def test_what_was_given_up_meanwhile_is_not_kept_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_lists, "path", lambda: tmp_path / "lists.json")
    one = followed()
    followed_lists.keep(one)
    followed_lists.forget(one)
    with pytest.raises(Refused, match="not followed any more"):
        followed_lists.keep(one, only_again=True)
    assert followed_lists.kept() == []
