"""Whole processes in surroundings that are wrong in every way we know of: one line and a documented exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.raw_server import answer, raw_server
from tests.cli.samples import ID

NOWHERE = "http://127.0.0.1:9"
TOKEN = {"SPACESCTL_URL": NOWHERE, "SPACESCTL_TOKEN": "spx_x"}
BYTES = b"caf\xe9"
"""An argument that is no UTF-8."""
PROCESS: list[str | bytes] = [sys.executable, "-m", "spacesctl"]


def surrounded(
    env: Mapping[str, str | bytes | None], *words: str | bytes, **how: Any
) -> subprocess.CompletedProcess[bytes]:
    """A command with this in its environment besides what is usual; None takes a variable out."""
    whole: dict[str, str | bytes] = {**os.environ, "XDG_CONFIG_HOME": str(Path("config-home").absolute())}
    for name, value in env.items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = value
    return subprocess.run(  # type: ignore[return-value]  # bytes and texts are mixed here
        [*PROCESS, *words],
        env=whole,
        timeout=15,
        check=False,
        **({"capture_output": True, "stdin": subprocess.DEVNULL} | how),
    )


def told(done: subprocess.CompletedProcess[bytes], code: int, *said: str) -> None:
    """One line, which says this."""
    shown = done.stderr.decode("utf-8", "backslashreplace")
    assert done.returncode == code, shown
    lines = [line for line in shown.splitlines() if line.startswith("spacesctl: ")]
    assert len(lines) == 1, shown
    assert "Traceback" not in shown
    assert "unforeseen" not in shown
    for words in said:
        assert words in lines[0]


@pytest.mark.parametrize(
    "token",
    [
        b"spx_a\r",
        b"spx_a\nb",
        "\N{LEFT DOUBLE QUOTATION MARK}spx_a\N{RIGHT DOUBLE QUOTATION MARK}".encode(),
        b"spx_\xff",
        b'"spx a"',
    ],
    ids=["CR", "LF", "curly quotes", "no UTF-8", "a space"],
)
def test_a_token_that_is_none(token: bytes) -> None:
    told(
        surrounded(TOKEN | {"SPACESCTL_TOKEN": token}, "list"),
        2,
        "environment: the token has characters",
        "copy it again",
    )


@pytest.mark.parametrize(
    "url",
    [
        b"http://", b"http://[::1", b"http://host:99999", b"http://host:0", b"ftp://x", b"http://me:secret@127.0.0.1:9",
        b"http://xn--\xc3\xa9.example:9", b"http://a b", b"http://a\nb", b"http://\xff", b"http://127.0.0.1:9?x=1", b"http://..:9",
        b"http://" + b"a" * 300 + b":9",
    ],
)  # fmt: skip
def test_an_address_that_is_none(url: bytes) -> None:
    for done in (surrounded(TOKEN | {"SPACESCTL_URL": url}, "list"), surrounded(TOKEN, "--url", url, "show", ID)):
        assert b"secret" not in done.stderr
        told(done, done.returncode)
        assert done.returncode in (2, 6) if b".." in url or b"aaa" in url else done.returncode in (2, 4)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HTTP_PROXY", "::::", "the proxy is not usable"), ("http_proxy", "ftp://proxy", "the proxy is not usable"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "a SOCKS proxy is not supported"),
        ("HTTPS_PROXY", "http://[::", "the proxy is not usable"),
        ("SSL_CERT_FILE", "/nowhere.pem", "the trusted certificates cannot be read"),
        ("SSL_CERT_FILE", "/etc/passwd", "the trusted certificates cannot be read"),
    ],
)  # fmt: skip
def test_a_proxy_or_certificates_that_are_none(name: str, value: str, said: str) -> None:
    env = TOKEN | {"SPACESCTL_URL": "https://live.invalid", name: value}
    told(surrounded(env, "list"), 2, said)
    told(surrounded(TOKEN | {name: value}, "list"), 6, "cannot reach the server")  # on this machine neither is needed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("SPACESCTL_TOKEN=spx_x".encode("utf-16"), "it is UTF-16 (save it as UTF-8)"),
        (b"A=1\nSPACESCTL_TOKEN=\xe9", "line 2 is not UTF-8"),
        (b"x" * (2 << 20), "has more than"),
        ("folder", "it is not a file"),
        ("pipe", "it is not a file"),
    ],
    ids=["UTF-16", "latin-1", "huge", "a folder", "a pipe"],
)
def test_settings_that_are_no_text(content: bytes | str, said: str) -> None:
    Path("config-home/spacesctl").mkdir(parents=True)
    for path in (Path(".env"), Path("config-home/spacesctl/profile.toml")):
        if content == "folder":
            path.mkdir()
        elif content == "pipe":
            os.mkfifo(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else b"")
        told(surrounded({}, "list"), 2, f"{path.name}: ", said)
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def test_a_byte_order_mark_is_no_trouble() -> None:
    Path(".env").write_text(f"\ufeffSPACESCTL_URL={NOWHERE}\r\nSPACESCTL_TOKEN='spx_x'\r\n")
    told(surrounded({}, "list"), 6, f"cannot reach the server at {NOWHERE}")
    Path(".env").unlink()
    Path("config-home/spacesctl").mkdir(parents=True)
    Path("config-home/spacesctl/profile.toml").write_text(f'\ufeffurl = "{NOWHERE}"\r\ntoken = "spx_x"\r\n')
    told(surrounded({}, "list"), 6, f"cannot reach the server at {NOWHERE}")
    Path("rules.toml").write_text("\ufeffschema = 1\r\n")
    done = surrounded({}, "rules", "check", "rules.toml")
    assert (done.returncode, done.stderr.count(b"error")) == (0, 0)


@pytest.mark.parametrize(
    "words",
    [
        ["create", BYTES], ["kick", ID, BYTES], ["show", BYTES], ["show", b"http://h\xff/s/" + ID.encode()], ["dm", "@ann", BYTES],
        ["rules", "check", BYTES], ["post", "--voice", BYTES], ["speak", ID, "--file", BYTES], ["schedule", "show", BYTES],
        ["play", BYTES], ["webhook", "add", BYTES], ["account", "create", BYTES], ["share", ID, BYTES],
        *(
            pytest.param(words, marks=pytest.mark.slow) for words in (
                ["listen", ID, "--output", BYTES], ["report", ID, "@ann", "--note", BYTES], ["create", "T", "--at", BYTES],
                ["create", "T", "--tz", BYTES, "--at", "2030-01-01 00:00"],
                ["recordings", "get", BYTES], ["calendar", BYTES], ["undo", BYTES], ["--url", BYTES, "list"], ["accept", "", "--plain"],
            )
        ),
    ],
    ids=lambda words: "-".join(str(word)[:12] for word in words),
)  # fmt: skip
def test_an_argument_that_is_no_text(words: list[str | bytes]) -> None:
    done = surrounded(TOKEN, *words)
    assert done.returncode in (2, 3, 6), done.stderr
    told(done, done.returncode)


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+14:00",
        "+999999999999h",
        f"+{'9' * 5000}d",
        "99999-01-01",
        "in five h",
    ],
)
def test_a_time_that_is_none(at: str) -> None:
    told(surrounded(TOKEN, "create", "T", "--at", at), 2, "--at: ")


ROWS = answer(b'{"data": [{"id": "1", "handle": "@ann", "name": "\xe2\x80\x9cAnn\xe2\x80\x9d", "kind": "person", '
              b'"created_at": "2026-01-01T00:00:00.000Z"}]}')  # fmt: skip


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"COLUMNS": "0"}, {"COLUMNS": "x"},
        {"TERM": "odd"}, {"TERM": ""}, {"TZ": "bogus"}, {"HOME": None}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"LINES": "-1"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    "plain", [[], *(pytest.param([one], marks=pytest.mark.slow) for one in ("--plain", "--json"))], ids=str
)
def test_output_in_odd_surroundings(env: dict[str, str | bytes | None], plain: list[str]) -> None:
    with raw_server(ROWS) as url:
        done = surrounded({**TOKEN, "SPACESCTL_URL": url, **env}, "follow", "@\N{SNOWMAN}", *plain)
        told(done, 2, "is not a handle")
        done = surrounded({**TOKEN, "SPACESCTL_URL": url, **env}, "feed", *plain)
        told(done, 6)  # it is no feed


def test_what_cannot_be_written_or_read() -> None:
    with raw_server(answer(b"BEGIN:VCALENDAR\r\n" * 500_000, "text/calendar")) as url:
        env = TOKEN | {"SPACESCTL_URL": url}
        with Path("/dev/full").open("wb") as full:
            told(
                surrounded(env, "calendar", "@ann", capture_output=False, stdout=full, stderr=subprocess.PIPE),
                1,
                "No space left",
            )
            assert surrounded(env, "--version", capture_output=False, stdout=full, stderr=full).returncode == 1
        reader, writer = os.pipe()
        os.close(reader)  # as `| head -1` has, soon
        for words in (["calendar", "@ann"], ["--version"], ["list", "--help"]):
            done = surrounded(env, *words, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
            assert done.returncode == 0, "a script with `set -o pipefail` goes on"
            assert b"rror" not in done.stderr
        os.close(writer)
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            done = subprocess.run(
                ["bash", "-c", f"{sys.executable} -m spacesctl kick {ID} - {closed}"],
                env=os.environ | env, capture_output=True, timeout=15, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 2, done.stderr
            assert b"Traceback" not in done.stderr


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    env = os.environ | TOKEN
    gone = ["bash", "-c", f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m spacesctl list"]
    done = subprocess.run(gone, env=env, capture_output=True, timeout=15, check=False)
    told(done, 6, "cannot reach the server")


def test_the_help_of_a_bare_command_has_lines() -> None:
    for words in ([], ["account"], ["reports"]):
        done = surrounded(TOKEN, *words)
        assert done.returncode == 2
        assert done.stderr.decode().count("\n") > 5


def test_lines_of_other_programs_in_a_folders_file_are_passed_over_and_ours_are_not() -> None:
    Path(".env").write_text('"what is this\nfor x; do\nSPACESCTL_URL=http://127.0.0.1:9\nSPACESCTL_TOKEN=spx_x\n')
    done = surrounded({"SPACESCTL_URL": None, "SPACESCTL_TOKEN": None}, "list")
    assert done.stderr.count(b"\n") == 1
    Path(".env").write_text("SPACESCTL_URL=http://127.0.0.1:9\nSPACESCTL_TOKEN 'spx_x\n")
    told(surrounded({"SPACESCTL_URL": None, "SPACESCTL_TOKEN": None}, "list"), 2, ".env", "line 2")
