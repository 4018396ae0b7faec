"""What is said of a line that is wrong: one line, which names what was typed and the command's help, and no class of Python."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.inside import Person, refused, run

ID = "A" * 13
CLASSES = re.compile(r"\b[A-Z]\w*(Error|Exception|Timeout)\b|Value error|\(s\)|Traceback")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "there is no command 'nonsense' (spacesctl -h)"),
        ("crate", "there is no command 'crate'; did you mean create? (spacesctl -h)"),
        ("schedule ship", "there is no command 'ship'; did you mean skip? (spacesctl schedule -h)"),
        ("kick", "SPACE is missing (spacesctl kick -h)"),
        (f"kick {ID}", "PERSON is missing (spacesctl kick -h)"),
        ("create", "TITLE is missing (spacesctl create -h)"),
        ("list --hots", "there is no option --hots; did you mean --host? (spacesctl list -h)"),
        ("list --xyzzy", "there is no option --xyzzy (spacesctl list -h)"),
        ("list --search", "--search: needs a value (spacesctl list -h)"),
        ("list --json=yes", "--json: takes no value (spacesctl list -h)"),
        ("list here", "'here' is too much (spacesctl list -h)"),
        ("list --limit some", "--limit: must be a whole number (spacesctl list -h)"),
        ("list --limit 1.5", "--limit: must be a whole number (spacesctl list -h)"),
        ("list --limit 0", "--limit: must be at least 1 (spacesctl list -h)"),
        ("listen --output x --seconds soon", "--seconds: must be a number (spacesctl listen -h)"),
        ("listen --output x --seconds -1", "--seconds: must be at least 0.1 (spacesctl listen -h)"),
        ("mute", "PERSON: say who (`@ann`, or `ann`; `-` reads a list from stdin)"),
        (f"mute {ID}", "PERSON: say who (`@ann`, or `ann`; `-` reads a list from stdin)"),
        (f"demote {ID}", "PERSON: say who (`@ann`, or `ann`; `-` reads a list from stdin)"),
        ("invite http://127.0.0.1:9/s/AAAAAAAAAAAAA", "PERSON is missing (spacesctl invite -h)"),
        ("list --state live,lost", "--state: 'lost' is not one of 'scheduled', 'live', 'ended', 'canceled' (spacesctl list -h)"),
        (f"react {ID} dance", "REACTION: 'dance' is not one of "),
        (f"kick {ID} a!b", "PERSON: 'a!b' is not a handle (such as @ann)"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_understood(line: str, said: str) -> None:
    done = run("http://127.0.0.1:9", "spx_x", *line.split())
    refused(done, 2, f"spacesctl: {said}")
    assert not CLASSES.search(done.stderr)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["create", "\x1bT"], "TITLE: has the character U+001B, which is not allowed"),
        (["create", "T", "--topic", "a,b,c,d"], "--topic: "),
        (["create", "T", "--at", "2001-01-01T00:00:00Z"], "--at: "),
        (["edit", "SPACE", "--title", " "], "--title: "),
        (["invite", "SPACE", "@ann", "--message", "x" * 1001], "--message: "),
        (["raise", "SPACE", "--note", "x" * 281], "--note: "),
        (["kick", "SPACE", "@ann", "--reason", "x" * 281], "--reason: "),
        (["kick", "SPACE", "@ann", "--for", "9999h"], "--for: "),
        (["dm", "@ann", "x" * 10_001], "MESSAGE: "),
        (["list", "--search", "x" * 201], "--search: "),
        (["inbox", "--cursor", "none"], "--cursor: "),
        (["account", "token", "me", "--label", "x" * 101], "--label: "),
        (["profile", "edit", "--name", "x" * 51], "--name: "),
        (["post", "x" * 281], "WORDS: "),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_a_refusal_of_the_server_names_what_was_typed(host: Person, ann: Person, line: list[str], said: str) -> None:
    space = host.live()
    done = host.run(*(space if word == "SPACE" else ann.handle if word == "@ann" else word for word in line))
    refused(done, 2, said)
    assert not CLASSES.search(done.stderr)


def test_an_address_that_leads_to_nobody_is_told_without_a_class(host: Person) -> None:
    for url, code, said in (
        ("http://127.0.0.1:9", 6, "cannot reach the server at http://127.0.0.1:9: nobody listens there"),
        ("http://no-such-name.invalid", 6, "http://no-such-name.invalid: there is no such name"),
        (f"https{host.server.url.removeprefix('http')}", 6, "it does not speak TLS"),
        (f"{host.server.url}/foo", 3, "it has no such address; is its URL right, and is it a spacesctl server?"),
    ):
        done = run(None, None, "--url", url, "list")
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert not CLASSES.search(done.stderr)


_INTERRUPTED = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            raise KeyboardInterrupt
sys.argv = ["spacesctl", "list"]
from spacesctl.cli import main
sys.meta_path.insert(0, Interrupted())
main()
"""


@pytest.mark.parametrize(
    "name", ["typer", "typer.core", "spacesctl.cli.app", "spacesctl.cli.commands", "spacesctl.cli.listing", "httpx"]
)
def test_ctrl_c_while_modules_are_imported_is_no_traceback(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(name=name)],
        env={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(tmp_path), "SPACESCTL_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


_AT_ONCE = """
import os, runpy, signal, sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "spacesctl.cli":
            os.kill(os.getpid(), signal.SIGINT)
sys.argv = ["spacesctl", "list"]
sys.meta_path.insert(0, Interrupted())
runpy.run_module("spacesctl", run_name="__main__", alter_sys=True)
"""


def test_ctrl_c_before_the_command_line_is_imported_ends_it_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", ""), "a shell shows 130"


def test_a_title_of_several_words_is_no_person() -> None:
    refused(run("http://127.0.0.1:9", "spx_x", "invite", "Office hours"), 2, "PERSON is missing (spacesctl invite -h)")
