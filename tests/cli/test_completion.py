"""Completion as a shell does it: the script that is printed, and what it offers against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running_server, spacesctl

BASH = """
eval "$(spacesctl completion bash)"
COMP_WORDS=({words}) COMP_CWORD={at}
_spacesctl_completion spacesctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("complete") / "data", "--no-bots") as running:
        yield running


def offered(server: RunningServer, token: str, *words: str) -> list[str]:
    """What bash offers for the last word."""
    program = server.data.parent / "bin" / "spacesctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m spacesctl "$@"\n')
    program.chmod(0o755)
    env = server.env(token)
    env["PATH"] = f"{program.parent}:{env['PATH']}"
    script = BASH.format(words=" ".join(f"'{w}'" for w in words), at=len(words) - 1)
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=15, check=True)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_bash_completes_commands_spaces_and_the_handles_of_that_space(server: RunningServer) -> None:
    host, ann = server.account("host"), server.account("ann")
    server.account("anton")
    with server.client(host["token"]) as api:
        space = api.post("/v1/spaces", {"title": "Hours", "start": True, "speakers": "everyone"})["id"]
    with server.client(ann["token"]) as api:
        api.post(f"/v1/spaces/{space}/requests")
    assert offered(server, host["token"], "spacesctl", "kic") == ["kick"]
    assert offered(server, host["token"], "spacesctl", "show", space[:3]) == [space]
    assert offered(server, host["token"], "spacesctl", "kick", space, "@an") == ["@ann"]
    assert sorted(offered(server, server.owner_token, "spacesctl", "follow", "an")) == ["ann", "anton"]


@pytest.mark.slow
def test_bash_completes_behind_a_comma_an_option_and_the_words_of_help(server: RunningServer) -> None:
    host = server.account("bother")
    server.account("bonna")
    with server.client(host["token"]) as api:
        space = api.post("/v1/spaces", {"title": "Hours", "start": True})["id"]
    owner = server.owner_token
    assert offered(server, owner, "spacesctl", "follow", "@bother,@bonna") == ["@bother,@bonna"]
    assert offered(server, owner, "spacesctl", "show", "--url", server.url, space[:3]) == [space]
    assert offered(server, owner, "spacesctl", "--json", "show", space[:3]) == [space]
    assert offered(server, owner, "spacesctl", "help", "schedule", "sk") == ["skip"]


def test_completion_without_a_server_is_silent(tmp_path: Path) -> None:
    env = {
        **os.environ, "SPACESCTL_URL": "http://127.0.0.1:9", "XDG_CONFIG_HOME": str(tmp_path),
        "_SPACESCTL_COMPLETE": "complete_bash", "COMP_WORDS": "spacesctl show ", "COMP_CWORD": "2",
    }  # fmt: skip
    done = subprocess.run(spacesctl(), env=env, capture_output=True, text=True, timeout=15, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    done = subprocess.run(spacesctl("completion", shell), capture_output=True, text=True, timeout=15, check=True)
    assert "_SPACESCTL_COMPLETE" in done.stdout
