"""Every command against a server that answers nonsense: one line and a documented exit code, never a traceback, never a false success."""

from __future__ import annotations

import inspect
import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from spacesctl.api.wire import Time, dump
from spacesctl.cli.commands import ROOT
from spacesctl.cli.lazy import verbs
from spacesctl.client import blocklists
from tests.cli.inside import Done, run
from tests.cli.raw_server import Say, answer, raw_server, reset
from tests.cli.samples import ID, space

CODES = {0, 1, 2, 3, 4, 5, 6, 130}
GIVEN = {
    "space": [ID], "handles": ["@ann"], "title": ["T"], "to": ["@ann", "hi"], "name_handle": ["@ann"], "series": ["s1"],
    "report_id": ["r1"], "text": ["x"], "recording": [ID], "ref": ["w1"], "sanction": [f"{ID}-1"], "suggestion": [f"{ID}-s1"],
    "appeal_id": ["r1"], "template": ["--template", "dsa15"], "first": ["--from", "2026-01-01"], "last": ["--to", "2026-01-02"],
    "subject": ["@ann"], "hold_id": ["h1"], "reason": [],
    "redaction": [f"{ID}-r1"], "what": [], "space_or_host": [ID],
    "path": ["rules.toml"], "output": ["--output", "heard.ogg"], "speakers": ["everyone"], "reaction": ["heart"],
    "url": ["https://example.org/hook"], "file": ["list.json"], "source": ["list.json"],
}  # fmt: skip
"""What is given for the arguments of commands, by name."""
MORE = {
    "speak": ["--file", "voice.ogg", "--seconds", "0.1", "--consent"], "listen": ["--seconds", "1"], "post": ["hello"],
    "share": ["https://example.org/a"], "mute": ["@ann"], "unmute": ["@ann"], "demote": ["@ann"], "warn": ["--reason", "x"],
    "captions": ["--follow"], "edit": ["--title", "T"],
    "profile edit": ["--name", "A"], "schedule edit": ["--title", "T"], "notifications add": ["json://example.org"],
    "sanctions": [ID], "report": ["@ann", "--category", "spam"], "reports decide": ["--upheld"], "reports play": ["--out", "clip.ogg"],
    "reports assign": ["@ann"], "appeal": ["--text", "x"], "sanction play": ["--out", "clip.ogg"], "appeals deny": ["--reason", "x"],
    "play": [ID, "--out", "clip.ogg"], "privacy export": ["--out", "export.zip"], "privacy hold": ["--reason", "x"],
    "calendar": ["--out", "space.ics"], "raise": ["--topic", "x"], "redactions change": ["--tone"], "account revoke": ["--all"],
    "login": ["--with-token"],
}  # fmt: skip
AT_HOME = (
    "serve",
    "backup",
    "restore",
    "demo",
    "completion",
    "help",
    "doctor",
    "bench",
    "rules check",
    "rules test",
    "rules starter",
    "models",
    "config",
    "context",
    "console",
    "logout",
)
"""Commands that ask no server, that start one themselves, or that need a terminal before they ask."""
WRONG: dict[str, Any] = json.loads(dump(space()))


def commands() -> dict[str, list[str]]:
    """The words of each command that asks a server."""
    found = {}
    for words, verb in verbs(ROOT):
        if words.startswith(AT_HOME) and words != "record start":
            continue
        needed = [
            name
            for name, one in inspect.signature(verb.function(), eval_str=True).parameters.items()
            if one.default is inspect.Parameter.empty and name != "ctx"
        ]
        given = [word for name in needed for word in GIVEN[name]]
        yes = ["--yes"] if "yes" in inspect.signature(verb.function()).parameters else []
        found[words] = [*words.split(), *given, *MORE.get(words, []), *yes]
    return found


PAGE = b"<!doctype html><title>Welcome to the Grand Hotel</title>"
FOREIGN: dict[str, bytes | Say] = {
    "a page": answer(PAGE, "text/html; charset=utf-8"),
    "a page that says JSON": answer(PAGE),
    "a packed answer": answer(b"\x1f\x8b\x08\x00", "application/json", "200 OK", "Content-Encoding: gzip"),
    "a redirection": answer(b"", "", "302 Found", "Location: http://login.hotel.example/?token=1"),
    "text": answer(b"hello", "text/plain; x=y"),
    "nothing": answer(b""),
    "null": answer(b"null"),
    "a number": answer(b"7"),
    "half of it": answer(b'{"data": [{"id": "1", "ha'),
    "no UTF-8": answer(b'{"id": "\xff\xfe"}'),
    "deep": answer(b"[" * 200_000),
    "deep objects": answer(b'{"a":' * 100_000),
    "wrong types": answer(json.dumps(dict.fromkeys(WRONG, 7) | {"data": 7, "type": 7}).encode()),
    "rows of wrong types": answer(json.dumps({"data": [{name: [] for name in WRONG}], "next": 1}).encode()),
    "a word of tomorrow": answer(json.dumps(WRONG | {"state": "asleep"}).encode()),
    "a far date": answer(json.dumps(WRONG | {"created_at": "99999-01-01T00:00:00Z"}).encode()),
    "an early date": answer(json.dumps(WRONG | {"created_at": "0001-01-01T00:00:00+14:00"}).encode()),
    "a huge number": answer(b'{"data": 1' + b"0" * 5_000 + b"}"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a closed connection": b"",
    "a status of its own": answer(b"{}", "application/json", "799 Odd"),
    "an error page": answer(PAGE, "text/html", "503 Service Unavailable"),
    "a proxy's error": answer(PAGE, "text/html", "502 Bad Gateway"),
    "a body that breaks off": reset,
    "a head that never ends": b"HTTP/1.1 200 OK\r\n" + b"X-Y: zzzzzzzzzz\r\n" * 20_000,
    "a broken length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n{}",
}
"""Answers that no server of ours gives: each command fails."""
OURS: dict[str, bytes | Say] = {
    "an empty object": answer(b"{}"),
    "an empty list": answer(b"[]"),
    "an empty page": answer(b'{"data": []}'),
    "a page that leads back": answer(b'{"data": [], "next": ""}'),
    "no content": answer(b"", "", "204 No Content"),
    "an empty stream": answer(b"", "text/event-stream"),
    "a stream of nonsense": answer(b"data: x\n\ndata: {}\n\nevent: y\n\n", "text/event-stream"),
    "not signed in": answer(PAGE, "text/html", "401 Unauthorized"),
    "not found": answer(b"{}", "application/problem+json", "404 Not Found"),
    "too many": answer(b'{"retry_after": "soon"}', "application/problem+json", "429 Too Many", "Retry-After: x"),
    "an odd problem": answer(b'{"code": 7, "detail": ["x"]}', "application/problem+json", "400 Bad"),
    "an evil problem": answer(
        json.dumps({"code": "refused", "detail": "\x1b[2J\n" * 9_000}).encode(), "application/problem+json", "409 No"
    ),
}
"""Answers that fit some command."""
COMMANDS = commands()
FEW = ["block", "list", "watch", "captions", "show", "speak", "listen", "recordings get", "calendar", "create", "mute"]


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands are given, and no patience."""
    from bots import casts

    Path("rules.toml").write_text("schema = 1\n")
    entries = [blocklists.Entry(handle="@ann", reason="spam")]
    bare = blocklists.BlockList(
        schema=1, server="https://a.example", by="@host", made_at=Time.of(datetime.now(UTC)), entries=entries, key="0" * 64, signature=""
    )  # fmt: skip
    Path("list.json").write_bytes(blocklists.written(blocklists.signed(bare, Ed25519PrivateKey.generate())))
    Path("voice.ogg").write_bytes(Path(casts.load("cast_a").host.clip).read_bytes())
    monkeypatch.setattr("spacesctl.cli.coming_back.RETRY_FOR", -1.0)
    monkeypatch.setattr("spacesctl.cli.coming_back.ComingBack.lost", _at_once)


def _at_once(_self: object, error: Exception) -> float:
    raise error


STDIN = {"login": "spx_x", "account password": "a long password"}


def typed(words: list[str]) -> str:
    """What a command reads from stdin."""
    return next((text for name, text in STDIN.items() if words[: len(name.split())] == name.split()), "")


def sound(done: Done, *, foreign: bool) -> None:
    """It ended in a documented way and said why in one line."""
    assert done.returncode in CODES, done
    assert "unforeseen" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("spacesctl: ")]
    assert len(told) == (1 if done.returncode else 0), done.stderr
    assert "\x1b" not in done.stderr + done.stdout
    assert all(len(line) < 2_100 for line in told)
    if foreign:
        assert done.returncode in (1, 6), "it is no success, and nobody refused"


@pytest.mark.parametrize("name", list(FOREIGN))
def test_what_is_no_answer_of_ours_is_no_success(name: str) -> None:
    with raw_server(FOREIGN[name]) as url:
        for words in FEW[:3]:
            sound(run(url, "spx_x", *COMMANDS[words], stdin=typed(COMMANDS[words])), foreign=True)


@pytest.mark.parametrize("name", list(OURS))
def test_an_answer_that_fits_another_command(name: str) -> None:
    with raw_server(OURS[name]) as url:
        for words in FEW[:3]:
            sound(run(url, "spx_x", *COMMANDS[words], stdin=typed(COMMANDS[words])), foreign=False)


@pytest.mark.parametrize(
    "words", [one if one in FEW else pytest.param(one, marks=pytest.mark.slow) for one in COMMANDS]
)
def test_no_command_takes_a_login_page_for_a_success(words: str) -> None:
    with raw_server(FOREIGN["a page"]) as url:
        done = run(url, "spx_x", *COMMANDS[words], stdin=typed(COMMANDS[words]))
    sound(done, foreign=True)
    assert "HTML page" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*FOREIGN, *OURS])
def test_every_command_against_every_answer(name: str) -> None:
    with raw_server((FOREIGN | OURS)[name]) as url:
        for words in COMMANDS.values():
            sound(run(url, "spx_x", *words, stdin=typed(words)), foreign=name in FOREIGN)
            sound(run(url, "spx_x", *words, "--plain", stdin=typed(words)), foreign=name in FOREIGN)


def test_a_redirection_is_not_followed_and_its_secrets_are_not_shown() -> None:
    with raw_server(FOREIGN["a redirection"]) as url:
        done = run(url, "spx_x", "block", "@ann", "--yes")
    assert done.returncode == 6
    assert "redirects to http://login.hotel.example/, which is not followed" in done.stderr


@pytest.mark.parametrize("part", ["head", "body"])
def test_who_sends_a_byte_now_and_then_is_given_up(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr("spacesctl.client.transport.WHOLE", 0.6)

    def drip(there: socket.socket) -> None:
        there.sendall(b"HTTP/1.1 200 OK\r\n" if part == "head" else answer(b"", length=100_000))
        while True:
            there.sendall(b"X" if part == "head" else b" ")
            time.sleep(0.05)

    began = time.monotonic()
    with raw_server(drip) as url:
        done = run(url, "spx_x", "list")
        assert time.monotonic() - began < 3
    assert done.returncode == 6
    assert "takes too long to answer" in done.stderr
