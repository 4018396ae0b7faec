"""Whatever surrounds a command may be wrong: it is told in one line, with a documented exit code, and not by a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacesctl.client.profile import profile_path
from tests.cli.broken_server import Told, broken_server
from tests.cli.inside import Person, refused, run

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        (NOWHERE, 6, "cannot reach the server"),
        ("127.0.0.1:8420", 2, "is not the address of a server"),
        ("http://localhost:port", 2, "is not the address of a server"),
        ("http://local\x01host", 2, "is not the address of a server"),
    ],
    ids=["nobody there", "no scheme", "no port", "control character"],
)
def test_an_address_that_is_wrong(url: str, code: int, told: str) -> None:
    done = run(url, "spx_x", "list")
    refused(done, code, told)
    assert "\x01" not in done.stderr


@pytest.mark.parametrize("token", ["spx_é", "spx_a\nb", "spx a"], ids=["letter", "two lines", "space"])
def test_a_token_that_cannot_be_one_is_neither_sent_nor_shown(token: str) -> None:
    done = run(NOWHERE, token, "list")
    refused(done, 2, "the token")
    assert token not in done.stderr


def test_a_profile_that_is_not_text_is_named() -> None:
    path = profile_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b'url = "\xff"')
    refused(run(None, None, "list"), 2, f"{path}: cannot be read")


def test_an_env_file_that_is_not_text_is_named() -> None:
    Path(".env").write_bytes(b"SPACESCTL_URL=\xff")
    refused(run(None, None, "list"), 2, ".env: cannot be read")


@pytest.mark.parametrize(
    "words",
    [["list"], ["feed"], ["people", "A" * 13], ["accept", "A" * 13], ["kick", "A" * 13, "@ann"]],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize(
    ("answer", "told"),
    [("<html>welcome</html>", "an HTML page"), ("{", "something that this client does not know")],
    ids=["a page", "half an answer"],
)
def test_a_server_of_somebody_else(words: list[str], answer: Told, told: str) -> None:
    paths = ["spaces", "feed", *(f"spaces/{'A' * 13}/{name}" for name in ("people", "accept", "people/@ann/kick"))]
    with broken_server({f"/v1/{path}": [answer] for path in paths}) as (url, _):
        refused(run(url, "spx_x", *words), 6, f"{url} answered with {told}")


def test_text_that_is_not_utf_8_is_not_sent(host: Person) -> None:
    refused(host.run("create", "caf\udce9"), 2, "is not UTF-8")
    refused(host.run("dm", host.handle, "caf\udce9"), 2, "is not UTF-8")
    refused(host.run("kick", host.live(), "-", stdin=b"\xff"), 2, "stdin is not UTF-8 text")
    refused(host.run("notifications", "add", stdin=b"\xff"), 2, "stdin is not UTF-8 text")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--at", "+99999999999d"], "--at"),
        (["--at", "+9999999d"], "--at"),
        (["--at", "0001-01-01 00:00"], "--at"),
        (["--at", "9999-12-31 23:59", "--tz", "America/New_York"], "--at"),
        (["--at", "2030-01-01 00:00", "--tz", "Europe"], "--tz: 'Europe' is not a time zone"),
    ],
)
def test_a_time_beyond_the_calendar_is_refused(words: list[str], told: str) -> None:
    refused(run(NOWHERE, "spx_x", "create", "T", *words), 2, told)


def test_help_and_version_need_no_server() -> None:
    assert run(None, None, "--version").stdout.startswith("spacesctl ")
    done = run(None, None, "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
