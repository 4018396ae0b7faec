"""The help of every command: under headings, with examples, in words, and nothing cut."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from unittest import mock

import pytest
import typer
import typer.main
from typer.core import TyperGroup

from spacesctl.cli import layout
from spacesctl.cli.app import app
from spacesctl.cli.commands import ROOT
from spacesctl.cli.completion import commands
from spacesctl.cli.examples import EXAMPLES
from spacesctl.cli.headings import HEADINGS
from spacesctl.cli.lazy import LazyGroup, Noun, parted, verbs
from tests.cli.inside import run

TREE = typer.main.get_command(app)
OF_TYPES = re.compile(r"\b(TEXT|INTEGER|FLOAT|PATH|BOOLEAN)\b|<\w+>|\[required\]|[╭│╰]")
"""Names of types, and what Rich draws."""


def nouns(noun: Noun = ROOT, prefix: str = "") -> Iterator[str]:
    """The words of the groups of commands."""
    for name, one in noun.commands.items():
        if isinstance(one, Noun):
            yield f"{prefix}{name}"
            yield from nouns(one, f"{prefix}{name} ")


ALL = ["", *nouns(), *(words for words, _ in verbs(ROOT))]


def helped(words: str, columns: int = 80) -> str:
    """The help of a command on a terminal so wide."""
    with mock.patch.dict(os.environ, {"COLUMNS": str(columns)}):
        done = run(None, None, *words.split(), "-h")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("words", ALL)
def test_a_help_is_whole_in_words_and_fits(words: str) -> None:
    shown = helped(words)
    assert shown.startswith(f"spacesctl {words}".strip())
    before = shown.partition("\nExamples\n")[0].replace("]...", "").replace("PERSON...", "")
    assert "..." not in before
    assert "…" not in shown
    assert not OF_TYPES.search(shown)
    assert max(map(len, shown.splitlines())) <= 80
    assert " ".join((ROOT.help if not words else shown).split()) in " ".join(shown.split())


@pytest.mark.parametrize("words", [words for words, _ in verbs(ROOT)])
def test_each_argument_and_option_is_explained(words: str) -> None:
    command = TREE
    for word in words.split():
        assert isinstance(command, LazyGroup)
        found = command.get_command(typer.Context(TREE), word)
        assert found is not None
        command = found
    assert [one.name for one in command.params if not getattr(one, "help", None)] == []


@pytest.mark.parametrize("words", [words for words, _ in verbs(ROOT)])
def test_each_command_has_examples_that_can_be_typed(words: str) -> None:
    shown = helped(words)
    for example in EXAMPLES[words]:
        assert f"\n  {example}\n" in f"{shown}\n"
        typed = shlex.split(re.split(r" [|<>] ", example)[0].removeprefix('eval "$(').removesuffix(')"'))
        assert typed[0] == "spacesctl"
        assert understood(typed[1:]) == words
    assert EXAMPLES[words]


def test_there_are_examples_of_no_other_command() -> None:
    assert EXAMPLES.keys() == {words for words, _ in verbs(ROOT)}


def understood(typed: list[str]) -> str:
    """The command that a line means, whose arguments are right."""
    command, ctx = TREE, TREE.make_context("spacesctl", typed)
    words: list[str] = []
    while isinstance(command, TyperGroup):
        name, below, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
        assert below is not None
        words.append(str(name))
        command, ctx = below, below.make_context(name, rest, parent=ctx)
    return " ".join(words)


def test_each_command_stands_under_one_heading() -> None:
    assert sorted(name for names in HEADINGS.values() for name in names) == sorted(ROOT.commands)
    shown = helped("")
    assert all(f"\n\n{heading}\n  {names[0]}" in shown for heading, names in HEADINGS.items())


def test_a_narrow_terminal_gets_narrow_lines() -> None:
    for words in ("", "create", "account"):
        long = [line for line in helped(words, 40).partition("\nExamples")[0].splitlines() if len(line) > 40]
        assert not long, long


@pytest.mark.parametrize(
    ("asked", "means"),
    [
        (["help"], ""),
        (["help", "create"], "create"),
        (["help", "schedule", "edit"], "schedule edit"),
        (["help", "account"], "account"),
        (["--help"], ""),
        (["create", "--help"], "create"),
    ],
    ids=" ".join,
)
def test_there_are_more_ways_to_the_same_help(asked: list[str], means: str) -> None:
    with mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        assert run(None, None, *asked).stdout == helped(means)


def test_a_help_of_nothing_is_refused() -> None:
    done = run(None, None, "help", "account", "nonsense")
    assert done.returncode == 2
    assert done.stderr == "spacesctl: COMMAND: there is no command account nonsense (spacesctl -h lists them)\n"


def test_without_a_command_the_help_is_no_result() -> None:
    done = run(None, None)
    assert (done.returncode, done.stdout) == (2, "")
    assert "\n\nSpaces\n" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        ["--url", "http://127.0.0.1:9", "list", "--json"],
        ["list", "--url", "http://127.0.0.1:9"],
        ["--json", "list", "--url=http://127.0.0.1:9"],
        ["--url", "http://127.0.0.1:9", "--json", "list"],
        ["account", "--url", "http://127.0.0.1:9", "--json", "show", "@ann"],
        ["account", "show", "@ann", "--url", "http://127.0.0.1:9"],
        ["--plain", "profile", "--url", "http://127.0.0.1:9", "@ann"],
    ],
    ids=" ".join,
)
def test_options_of_all_commands_stand_where_one_likes(line: list[str]) -> None:
    done = run(None, "spx_x", *line)
    assert done.returncode == 6, done.stderr
    assert "127.0.0.1:9" in done.stderr


def test_what_stands_before_a_command_is_moved_behind_it() -> None:
    flags = frozenset({"--json"})
    assert parted(["--json", "list", "-x"], flags) == ([], ["--json"], ["list", "-x"])
    assert parted(["--url", "U", "--json", "list"], flags) == (["--url", "U"], ["--json"], ["list"])
    assert parted(["dm", "@ann", "--json"], flags) == ([], [], ["dm", "@ann", "--json"])
    assert parted(["--json"], flags) == ([], ["--json"], [])


def test_an_option_without_a_command_shows_the_help() -> None:
    done = run(None, None, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "\n\nSpaces\n" in done.stderr


def test_a_term_that_is_too_long_has_its_text_below() -> None:
    rows = [layout.Row("-a", "short"), layout.Row("--" + "long" * 7, "below")]
    with mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        shown = layout.page("p", "", [layout.Section("Options", rows), layout.Section("None", [])])
    assert shown == f"p\n\nOptions\n  -a  short\n  --{'long' * 7}\n      below"


def test_help_completes_the_words_of_commands() -> None:
    ctx = typer.Context(TREE)
    ctx.params = {"words": ["schedule"]}
    assert isinstance(TREE, LazyGroup)
    assert [name for name, _ in commands(ctx, "s")] == ["show", "skip"]
    ctx.params = {"words": None}
    assert "kick" in [name for name, _ in commands(ctx, "k")]
