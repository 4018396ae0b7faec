"""What costs every command: imports, and a broken configuration that nobody asked for."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spacesctl.cli import reading
from spacesctl.cli.commands import ROOT
from spacesctl.cli.lazy import verbs
from spacesctl.cli.options import CHANGES
from spacesctl.domain.words import State
from tests.running import spacesctl

HEAVY = (
    "av", "vosk", "fastapi", "sqlalchemy", "numpy", "cryptography", "uvicorn", "aiortc", "re2", "OpenSSL", "pydantic",
    "pydantic_core", "click", "pygments", "keyring", "segno", "argon2", "webauthn", "authlib", "joserfc",
)  # fmt: skip
DOMAIN = {"spacesctl.domain", *(f"spacesctl.domain.{name}" for name in ("errors", "ids", "clock", "words"))}
"""What the command line may take from the domain. `posts` and `webhook_types` are constants of single commands."""
CONSTANTS = {"spacesctl.domain.posts", "spacesctl.domain.webhook_types"}
SHARED = {
    f"spacesctl.cli.{name}" for name in ("app", "asking", "commands", "common", "completion", "lazy", "options", "output",
    "positions", "reading", "which")
}  # fmt: skip
HELP = {"helping", "headings", "layout"}
_PROBE = """
import json, sys
sys.argv = ["spacesctl", *json.loads(sys.argv[1])]
try:
    from spacesctl.cli import main
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(name for name, module in sys.modules.items() if getattr(module, "__spec__", None))))
"""


def loaded(folder: Path, *words: str) -> set[str]:
    """The modules that a command imports. Its server is not there."""
    env = {
        **os.environ,
        "SPACESCTL_URL": "http://127.0.0.1:9",
        "SPACESCTL_TOKEN": "spx_x",
        "XDG_CONFIG_HOME": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, json.dumps(words)],
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def below(modules: set[str], *rooms: str) -> set[str]:
    """Those of these modules that belong to the packages."""
    return {
        one
        for one in modules
        if any(one == f"spacesctl.{room}" or one.startswith(f"spacesctl.{room}.") for room in rooms)
    }


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["--help"], HELP),
        (["rules", "--help"], HELP),
        (["nonsense"], HELP | {"usage"}),
        (["create", "--help"], HELP | {"create", "examples"}),
        (["demo", "--help"], HELP | {"demo", "examples"}),
        (["serve", "--help"], HELP | {"serve", "examples"}),
        (["list", "--mine", "--limit", "5"], {"listing"}),
        (["inbox", "--limit", "5"], {"messages", "posts", "postview"}),
        (["invites"], {"invitations", "roles"}),
        (["edit", "AAAAAAAAAAAAA", "--title", "T"], {"editing", "spaces", "when"}),
        (["create", "T"], {"create", "rulenotes", "rules", "when"}),
        (["kick", "AAAAAAAAAAAAA", "@ann"], {"sanctions", "people", "audit", "roles"}),
        (["captions", "AAAAAAAAAAAAA"], {"captions"}),
        (["people", "AAAAAAAAAAAAA"], {"people", "roles"}),
        (["post", "hello"], {"posts", "postview"}),
        (["profile"], {"profile", "feed", "postview"}),
        (["calendar", "@ann"], {"calendar"}),
        (["audit", "list"], {"audit"}),
        (["webhook", "list"], {"webhook"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_its_own_module_and_nothing_heavy(
    words: list[str], modules: set[str], tmp_path: Path
) -> None:
    found = loaded(tmp_path, *words)
    assert "typer" in found
    top = {name.partition(".")[0] for name in found}
    assert top.isdisjoint(HEAVY), sorted(top & set(HEAVY))
    assert below(found, "cli") - {"spacesctl.cli"} <= SHARED | {f"spacesctl.cli.{name}" for name in modules}
    assert below(found, "domain") <= DOMAIN | CONSTANTS
    assert not below(
        found, "server", "store", "rules", "application", "live", "engine", "models", "bench", "demo", "doctor"
    )
    assert not any(name == "rich" or name.startswith("rich.") for name in found), "nothing is drawn"


@pytest.mark.parametrize("words", [["--help"], ["create", "--help"], ["schedule", "--help"]], ids=" ".join)
def test_a_help_needs_no_client(words: list[str], tmp_path: Path) -> None:
    found = loaded(tmp_path, *words)
    assert not below(found, "client", "api")
    assert {name.partition(".")[0] for name in found}.isdisjoint({"httpx", "msgspec"})


def test_the_table_of_commands_has_the_helps_of_the_functions() -> None:
    told = {words: one.help for words, one in verbs(ROOT)}
    assert told == {words: first_sentence(one.function()) for words, one in verbs(ROOT)}
    assert all(one.function().__module__ == f"spacesctl.cli.{one.place.partition(':')[0]}" for _, one in verbs(ROOT))


def first_sentence(function: Callable[..., None]) -> str:
    """As far as the list of commands can show a docstring: to the first word that ends with a full stop."""
    text = " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
    return text.partition(". ")[0].removesuffix(".") + "."


def test_commands_that_change_something_exist() -> None:
    assert {words for words, _ in verbs(ROOT)} >= CHANGES


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("text", str, "text"),
        ("a/b", Path, Path("a/b")),
        ("live", State, State.LIVE),
        (State.LIVE, State, State.LIVE),
        (("a", "b"), list[str], ["a", "b"]),
        (["live"], list[State], [State.LIVE]),
        ("lively", State, None),
        (["live", "lively"], list[State], None),
        ("1", int, 1),
        ("1.5", float, 1.5),
        ("1.5", int, None),
        ("-1", int, None),
        ("nan", float, None),
        ("9" * 40, int, None),
        (True, int, None),
        (7, int, 7),
        (1, str, None),
    ],
)
def test_simple_arguments_are_read_and_all_others_left_to_typer(value: object, kind: object, expected: object) -> None:
    assert reading._read(value, kind) == expected


def test_help_works_with_a_broken_profile_and_a_broken_config(tmp_path: Path) -> None:
    home = tmp_path / "home" / "spacesctl"
    home.mkdir(parents=True)
    (home / "profile.toml").write_text("this is = = not toml")
    (tmp_path / "config.toml").write_text("neither ] is this")
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*spacesctl(*words)], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
        )

    assert run("--help").returncode == 0
    assert run("serve", "--help").returncode == 0
    broken = run("list")
    assert broken.returncode == 2
    assert "profile.toml" in broken.stderr
    assert broken.stderr.count("\n") == 1
    served = run("serve")
    assert served.returncode == 2
    assert "config.toml" in served.stderr
