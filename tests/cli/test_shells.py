"""Completion in real shells, against a server whose titles, names and ids are made to be evaluated: they are shown as they are, nothing
runs, and the shell goes on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spacesctl.api.accounts import Account
from spacesctl.api.wire import dump
from spacesctl.cli.shells import described
from spacesctl.domain.words import Kind
from tests.cli.broken_server import broken_server
from tests.cli.samples import AT, space
from tests.cli.shell_terminal import ShellTerminal, shell_terminal

FOUND = Path(__file__).parents[1] / "found" / "hostile-text.json"
TITLES = [
    *(one["text"] for one in json.loads(FOUND.read_text())),
    "Talk \\$(touch RAN)", "$(touch RAN)", "`touch RAN`", "\\`touch RAN`", "';touch RAN;'", '";touch RAN;"', "a\n touch RAN\n",
    "$5 off (50%)", "%F{red}%n %1(x.a.b)", "a:b\\:c\\", "{a,b}* ~ ? =ls !1", "[red]x[/] [/b]",
    "x\tRAN\ttouch", "<(touch RAN)", "'", '"', "((", "\\",
]  # fmt: skip
IDS = ["$(touch RAN)1", "`touch RAN`a", "';touch RAN;", "aaaaaaaaaaaa\n", "A B*C;touch R", "\\$(touch RAN)"]
"""Such an id is inserted into the command line: what no server of ours has is dropped."""
SHOWN = sorted({described(title) for title in TITLES})


def hostile() -> dict[str, list[str]]:
    """What the server answers."""
    rows = [space(id=f"{number:013d}", title=title) for number, title in enumerate(TITLES)]
    rows += [space(id=ref, title="never shown") for ref in IDS]
    people = [account(f"@p{number}", title) for number, title in enumerate(TITLES)]
    people += [account(ref, "never shown") for ref in ["@$(touch RAN)", "@`touch RAN`", "@a;touch RAN", "@"]]
    return {"/v1/spaces": [page(rows)], "/v1/accounts": [page(people)], "/v1/accounts/me/following": [page(people)]}


def account(handle: str, name: str) -> Account:
    return Account(id="1", handle=handle, name=name, kind=Kind.PERSON, created_at=AT)


def page(rows: object) -> str:
    return dump({"data": rows, "next": None}).decode()


@contextmanager
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shell that finds `spacesctl` and the hostile server. Afterwards nothing may have run."""
    program = tmp_path / "bin" / "spacesctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m spacesctl "$@"\n')
    program.chmod(0o755)
    with broken_server(hostile()) as (url, _):  # type: ignore[arg-type]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPACESCTL_", "ZDOTDIR"))}
        yield kept | {
            "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "TERM": "xterm", "PATH": f"{program.parent}:{os.environ['PATH']}", "SPACESCTL_URL": url, "SPACESCTL_TOKEN": "spx_x",
        }  # fmt: skip
    assert not list(tmp_path.rglob("RAN*"))


def goes_on(shell: ShellTerminal) -> None:
    """What is typed next is done."""
    at = len(shell.screen)
    shell.type("\x15echo GOES-$((40+2))-ON\n")
    shell.until("GOES-42-ON", after=at)


def has_no_controls(text: str) -> bool:
    return not {"\x9b", "\u202e", "\u200f", "\x1b"} & set(text)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh of Debian")
def test_zsh_shows_titles_and_names_as_they_are(tmp_path: Path) -> None:
    with surroundings(tmp_path) as env, shell_terminal(["zsh", "-f", "-i"], env, tmp_path) as shell:
        shell.type(
            "PS1='> '; LISTMAX=999; autoload -Uz compinit; compinit -u -D; setopt no_list_beep no_list_ambiguous\n"
        )
        shell.type('eval "$(spacesctl completion zsh)"; echo READ-$((40+2))Y\n')
        shell.until("READ-42Y")
        for words, first in ("show", f"{0:013d}"), ("kick x", "@p0"), ("follow", "@p0"):
            at = len(shell.screen)
            shell.type(f"spacesctl {words} \t")
            drawn = shell.until(first, *SHOWN, after=at)
            assert "never shown" not in drawn
            assert has_no_controls(drawn)
            goes_on(shell)
        at = len(shell.screen)
        shell.type("spacesctl kic\t")
        shell.until("spacesctl kick", after=at)
        goes_on(shell)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish of Debian")
def test_fish_shows_titles_and_names_as_they_are(tmp_path: Path) -> None:
    def offered(env: dict[str, str], words: str) -> list[list[str]]:
        asked = f'spacesctl completion fish | source; complete -C "spacesctl {words} "'
        done = subprocess.run(
            ["fish", "--no-config", "-c", asked], env=env, cwd=tmp_path, capture_output=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, b"")
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    with surroundings(tmp_path) as env:
        rows = offered(env, "show")
        assert dict(rows) == {
            f"{number:013d}": f"{described(title)} (live, @host)" for number, title in enumerate(TITLES)
        }
        people = offered(env, "follow")
        assert dict(people) == {f"@p{number}": described(title) for number, title in enumerate(TITLES)}
        assert has_no_controls(str(rows) + str(people))


@pytest.mark.timeout(120)
def test_bash_completes_ids_and_runs_nothing(tmp_path: Path) -> None:
    with surroundings(tmp_path) as env, shell_terminal(["bash", "--norc", "-i"], env, tmp_path) as shell:
        shell.type(
            "PS1='> '; bind 'set completion-query-items 0'; bind 'set page-completions off'; bind 'set show-all-if-ambiguous on'\n"
        )
        shell.type('eval "$(spacesctl completion bash)"; echo READ-$((40+2))Y\n')
        shell.until("READ-42Y")
        for words, first, last in ("show", 0, len(TITLES) - 1), ("follow", "@p0", f"@p{len(TITLES) - 1}"):
            at = len(shell.screen)
            shell.type(f"spacesctl {words} \t")
            drawn = shell.until(*(f"{one:013d}" if isinstance(one, int) else one for one in (first, last)), after=at)
            assert "touch" not in drawn
            goes_on(shell)
        at = len(shell.screen)
        shell.type("spacesctl kic\t")
        shell.until("spacesctl kick", after=at)
        goes_on(shell)
