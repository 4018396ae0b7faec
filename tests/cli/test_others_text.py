"""What others wrote never reaches an evaluator: neither the terminal, nor the shell's completion, nor the folders of the disk."""

from __future__ import annotations

import json

import pytest

from spacesctl.api.accounts import Who
from spacesctl.cli import complain
from spacesctl.cli.output import emit_json, note, say
from tests.cli.broken_server import broken_server
from tests.cli.inside import refused, run

CONTROL = "a\x1b[2Jb\x9bc\u202ed"


def test_what_is_said_controls_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(CONTROL)
    note(CONTROL)
    complain(f"{CONTROL}\nand more")
    out, err = capsys.readouterr()
    for text in (out, err):
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    assert err.count("\n") == 2, "an error is one line"


def test_json_has_them_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json(Who(id="1", handle=f"{CONTROL} ü 😀"))
    out = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\u202e"} & set(out)
    assert json.loads(out)["handle"] == f"{CONTROL} ü 😀"
    assert "ü 😀" in out


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "x\x00y", "x\x1b[2J"])
def test_a_recording_is_written_into_its_folder_alone(name: str, tmp_path: object) -> None:
    file = {"name": name, "handle": None, "bytes": 1, "duration_ms": 1, "sha256": "0"}
    found = {
        "id": "/tmp/elsewhere", "space_id": "s", "title": "t", "kind": "mix", "state": "done",
        "started_at": "2026-01-01T00:00:00.000Z", "ended_at": None, "reason": None, "expires_at": None, "files": [file],
    }  # fmt: skip
    with broken_server({"/v1/recordings/AAAAAAAAAAAAA-1": [json.dumps(found)]}) as (url, asked):
        done = run(url, "spx_x", "recordings", "get", "AAAAAAAAAAAAA-1", "--out", str(tmp_path))
    if name == "..":
        assert done.returncode != 0
    else:
        refused(done, 5, "is no name of a file")
        assert len(asked) == 1


def test_an_unforeseen_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("x\x1b[2J\ny")

    monkeypatch.setattr("spacesctl.client.http.Client.send", fail)
    monkeypatch.delenv("SPACESCTL_DEBUG", raising=False)
    done = run("http://127.0.0.1:9", "spx_x", "account", "show")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "an unforeseen error: ZeroDivisionError" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("ref", ["http://[::", "x" * 100_000, "\udcff\udcfe"])
@pytest.mark.parametrize(
    "words", [("show",), ("reports", "show"), ("recordings", "get"), ("undo",), ("schedule", "show")]
)
def test_an_argument_that_names_nothing_is_a_line_too(words: tuple[str, ...], ref: str) -> None:
    done = run("http://127.0.0.1:9", "spx_x", *words, ref)
    assert done.returncode in (2, 6)
    assert done.stderr.count("\n") <= 8, "no traceback"
    assert "Traceback" not in done.stderr
