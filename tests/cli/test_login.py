"""`login`, `logout`, `context`, and the commands of `account` that let people in."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from spacesctl.cli import links, output
from spacesctl.client import kept_tokens
from tests.cli.inside import Person, ok, refused, run

LOGIN = "spacesctl.cli.login"


def test_a_person_lets_the_command_in_by_its_code(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{LOGIN}.sleep", lambda _seconds: time.sleep(0.05))
    shown: list[str] = []

    def note(text: str) -> None:
        shown.append(text)
        output.note(text)

    monkeypatch.setattr(f"{LOGIN}.note", note)

    def approve() -> None:
        while len(shown) < 2:
            time.sleep(0.01)
        with ann.raw() as person:
            person.put(f"/v1/devices/{shown[1].strip()}", {"approve": True})

    thread = threading.Thread(target=approve)
    thread.start()
    done = run(None, None, "login", ann.server.url)
    thread.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"you are {ann.handle} at {ann.server.url}; the token is in ")
    assert f"{ann.server.url}/device#code=" in done.stderr
    assert "spx_" not in done.stdout + done.stderr
    assert ok(run(None, None, "account", "show", "--json"))["handle"] == ann.handle
    label = ok(run(None, None, "account", "tokens", "--json"))[0]["label"]
    assert label.startswith("spacesctl on ")
    token = kept_tokens.read().servers[ann.server.url].token
    assert run(None, None, "logout").stdout == f"you are logged out of {ann.server.url}\n"
    assert run(ann.server.url, token, "account", "show").returncode == 4, "it is revoked"
    refused(run(ann.server.url, None, "account", "show"), 4, "you are not logged in")


def test_a_command_that_is_refused_keeps_nothing(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_seconds: float) -> None:
        with ann.raw() as person:
            person.put(f"/v1/devices/{code[0]}", {"approve": False})

    code: list[str] = []
    monkeypatch.setattr(f"{LOGIN}.note", lambda text: code.extend(re.findall(r"^ +([A-Z]{4}-[A-Z]{4})$", text)))
    monkeypatch.setattr(f"{LOGIN}.sleep", refuse)
    refused(run(None, None, "login", ann.server.url), 5, "was not let in")
    assert not kept_tokens.contexts_path().exists()


def test_a_token_on_stdin_is_kept_and_scripts_see_where(ann: Person, ben: Person) -> None:
    found = ok(run(None, None, "login", ann.server.url, "--with-token", "--json", stdin=f"{ann.token}\n"))
    assert found == {"server": ann.server.url, "handle": ann.handle, "kept_in": "file", "current": True}
    assert ok(run(None, None, "context", "list", "--json")) == [found]
    refused(run(None, None, "login", ann.server.url, "--with-token", stdin="spx_wrong"), 4, "unknown")
    refused(run(None, None, "login", ann.server.url, "--with-token"), 2, "no token on stdin")
    assert ok(run(None, None, "context", "list", "--json")) == [found], "what failed changed nothing"
    done = run(ann.server.url, ben.token, "login", "--with-token", stdin=ben.token)
    assert "SPACESCTL_TOKEN is set" in done.stderr
    assert ok(run(None, None, "context", "list", "--json"))[0]["handle"] == ben.handle


def test_contexts_are_listed_and_chosen(ann: Person) -> None:
    assert (
        run(None, None, "context", "list").stderr == "no rows\n"
        or "you are logged in nowhere" in run(None, None, "context", "list").stderr
    )
    kept_tokens.keep(ann.server.url, ann.handle, ann.token)
    kept_tokens.keep("https://spaces.example.org", "@zoe", "spx_other")
    rows = ok(run(None, None, "context", "list", "--json"))
    assert [(one["server"], one["current"]) for one in rows] == [
        (ann.server.url, False),
        ("https://spaces.example.org", True),
    ]
    assert "spx_" not in run(None, None, "context", "list").stdout
    assert run(None, None, "context", "use", ann.server.url[7:]).returncode == 0
    assert ok(run(None, None, "account", "show", "--json"))["handle"] == ann.handle
    refused(run(None, None, "context", "use", "https://nowhere.example"), 2, "is none of the servers")
    refused(run(None, None, "context", "use", "http"), 2, "names several of the servers")


def test_logging_out_of_a_server_that_is_away_forgets_the_token_and_says_so() -> None:
    kept_tokens.keep("http://127.0.0.1:9", "@ann", "spx_secret")
    refused(run(None, None, "logout"), 6, "is forgotten here, but could not be revoked there")
    assert kept_tokens.read().servers == {}
    refused(run(None, None, "logout", "http://127.0.0.1:9"), 4, "you are not logged in to http://127.0.0.1:9")


def test_a_password_comes_from_stdin_alone(ann: Person) -> None:
    assert (
        ann.says("account", "password", stdin="correct horse battery\n")
        == "the password is set; 0 other sessions ended\n"
    )
    refused(ann.run("account", "password", stdin="another long one\n"), 4, "the present password is wrong")
    assert ann.json("account", "password", stdin="correct horse battery\nanother long one\n") == {"ended": 0}
    refused(ann.run("account", "password"), 2, "a line each")
    refused(ann.run("account", "password", stdin="short"), 2, "fewer than 10 characters")


def test_links_are_made_and_recovery_is_for_operators(ann: Person, owner: Person, host: Person) -> None:
    live = host.live()
    assert ann.json("account", "link")["url"].startswith(f"{ann.server.url}/sign-in#link=spl_")
    assert owner.json("account", "link", ann.handle, "--space", live)["url"].startswith(
        f"{ann.server.url}/s/{live}#link=spl_"
    )
    done = ann.run("account", "link")
    assert done.stdout.startswith(ann.server.url)
    assert "is signed in by this link, once, until" in done.stderr
    assert "█" not in done.stderr, "nobody looks at a terminal"
    refused(ann.run("account", "recover", "@owner", "--yes"), 5, "admin scope")
    assert owner.json("account", "recover", ann.handle, "--yes")["ended"] == 0
    assert owner.says("account", "invite").startswith(f"{ann.server.url}/sign-up#invitation=spl_")
    refused(ann.run("account", "invite"), 5, "admin scope")


def test_a_code_for_a_camera_reads_as_the_link() -> None:
    import segno

    url = "https://spaces.example.org/sign-in#link=spl_AbCdEf"
    lines = links.drawn(url)
    rows = [[0 if char in "█▀" else 1 for char in line] for line in lines for _ in (0,)]
    upper = [list(map(int, row)) for row in segno.make(url, error="l", micro=False).matrix_iter(border=2)][::2]
    assert rows == upper
    assert len({len(line) for line in lines}) == 1
    assert set("".join(lines)) <= set("█▀▄ ")


def test_the_token_is_nowhere_in_the_working_folder(ann: Person) -> None:
    run(None, None, "login", ann.server.url, "--with-token", stdin=ann.token)
    assert not any(ann.token in path.read_text() for path in Path().rglob("*") if path.is_file())
