"""Commands in this very process, against a real server: an interpreter for each would take most of the time of the tests."""

from __future__ import annotations

import contextvars
import io
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest import mock

import typer.main

from spacesctl.cli import main
from spacesctl.cli.app import app
from tests.cli.outputs import require_documented
from tests.raw import Raw
from tests.running import RunningServer

Done = subprocess.CompletedProcess[str]
_NUMBERS = itertools.count(1)
_TREE = typer.main.get_command(app)
"""Typer would make it anew for each command, which takes longer than the command."""


def run(url: str | None, token: str | None, *words: str, stdin: str | bytes = "") -> Done:
    """What `spacesctl WORDS` prints and its exit code, as the account of `token` ("" for nobody). stdin is no terminal.

    What is None is left to the profile.
    """
    named = {"SPACESCTL_URL": url, "SPACESCTL_TOKEN": token}
    # No certificates: nothing here is encrypted, and to read them takes longer than a command.
    env = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": os.devnull} | {
        key: value for key, value in named.items() if value is not None
    }
    out, err = _text(b""), _text(b"")
    given = _text(stdin if isinstance(stdin, bytes) else stdin.encode())
    with (
        mock.patch.dict(os.environ, env),
        mock.patch.object(typer.main, "get_command", return_value=_TREE),
        mock.patch.object(sys, "argv", ["spacesctl", *words]),
        mock.patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            contextvars.copy_context().run(main)  # `--plain` is kept in a context variable
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
    if "--json" in words:
        require_documented(words, _written(out))
    return subprocess.CompletedProcess(words, code, _written(out), _written(err))


def _text(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@dataclass(frozen=True)
class Person:
    """An account of one test alone, who types commands."""

    server: RunningServer
    handle: str
    token: str

    def run(self, *words: str, stdin: str | bytes = "") -> Done:
        return run(self.server.url, self.token, *words, stdin=stdin)

    def says(self, *words: str, stdin: str | bytes = "") -> str:
        """What a command that must succeed prints for people."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str, stdin: str | bytes = "") -> Any:
        """The JSON of a command that must succeed."""
        return ok(self.run(*words, "--json", stdin=stdin))

    def raw(self) -> Raw:
        return self.server.client(self.token)

    def live(self, *words: str) -> str:
        """The id of a new live Space of theirs."""
        return str(self.json("create", "T", "--start", "--no-captions", *words)["id"])


def person(server: RunningServer, role: str) -> Person:
    handle = f"{role}{next(_NUMBERS)}"
    return Person(server, f"@{handle}", server.account(handle)["token"])


def ok(done: Done) -> Any:
    """The one JSON value of a command that must succeed and say nothing else on stdout."""
    assert done.returncode == 0, done.stderr
    require_documented(done.args, done.stdout)  # also of one that ran as a process
    return json.loads(done.stdout)


def refused(done: Done, code: int, words: str) -> None:
    """A one-line error with a documented exit code, nothing on stdout."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert words in done.stderr
    assert done.stderr.startswith("spacesctl: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """`act` in a thread while the body runs a command that waits; its error is raised here."""
    failed: list[BaseException] = []

    def whole() -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=whole)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failed:
        raise failed[0]
