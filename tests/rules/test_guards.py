"""What a rule file may not be before anything of it is parsed."""

from __future__ import annotations

import re

import pytest

from spacesctl.rules import fields, guards, regexes
from spacesctl.rules.rulefile import parse
from tests.rules.test_rulefile import GOOD

HEAD = "schema = 1\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + ".".join(["a"] * 5000) + " = 1\n", 2, "a key with more than 8 parts"),
        (HEAD + ".".join(['"a"'] * 9) + " = 1\n", 2, "a key with more than 8 parts"),
        (HEAD + "\n[" + " . ".join(["a"] * 9) + "]\n", 3, "a key with more than 8 parts"),
        (HEAD + "x = { " + ".".join(["a"] * 9) + " = 1 }\n", 2, "a key with more than 8 parts"),
        (HEAD + "x = " + "[" * 1000 + "]" * 1000, 2, "more than 8 lists and tables within one another"),
        (HEAD + "x = " + "{a=" * 9 + "1" + "}" * 9, 2, "more than 8 lists and tables within one another"),
        (HEAD + "[[rule]]\n" * 5001, 5002, "more than 5000 tables"),
        (HEAD + "x = " + "9" * 5000, 2, "a word of more than 512 characters"),
        (HEAD + "a" * 513 + " = 1", 2, "a word of more than 512 characters"),
        (HEAD + '"' + "a" * 2000 + '" = 1', 2, "a string of more than 2000 characters"),
        (HEAD + 'x = """' + '\\"""' * 250_000, 2, "a string of more than 2000 characters"),
    ],
    ids=["dotted", "quoted", "header", "inline", "lists", "tables in tables", "tables", "number", "word", "string", "open"],
)  # fmt: skip
def test_what_would_take_long_to_parse_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    found, [told] = parse(text, "my.toml")
    assert found is None
    assert (told.line, told.message, told.level) == (line, said, "error")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "# " + "." * 100 + "[" * 100 + "x" * 5000,
        "a = '" + ".[{" * 100 + "'",
        'a = """' + ".[{\n" * 100 + '"""',
        "a = '''" + '.[{"' * 100 + "'''",
        "a.b.c.d.e.f.g.h = 1.5\n" * 50,
        "a = [" + "1.5, " * 500 + "]",
        'a = "\\"' + "." * 100 + '"',
    ],
)
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert guards.refusal(text, "my.toml") is None


def test_the_bounds_leave_room_for_every_key_that_means_something() -> None:
    assert guards.refusal('[[rule]]\nwhen.any = [ { words = ["a"] } ]\n[limits.allow]\n', "x") is None


def test_of_many_problems_the_first_are_told() -> None:
    found, told = parse(HEAD + "".join(f"key{number} = 1\n" for number in range(5000)))
    assert found is None
    assert len(told) == fields.MAX_PROBLEMS
    _, warned = parse(HEAD + "".join(f'[[rule]]\nid = "a{n}"\nactions = []\nwhen.any = []\n' for n in range(500)))
    assert len(warned) == fields.MAX_PROBLEMS


def test_a_message_quotes_no_more_than_a_line_of_the_file() -> None:
    _, told = parse(HEAD + "rule = 3\n[limits]\nmax_auto_actions_per_5min = " + "[" + "1," * 10_000 + "]\n"
                    + "".join(f"{'k' * 500}{number} = 1\n" for number in range(10)))  # fmt: skip
    assert max(len(one.message) for one in told) <= fields.MAX_MESSAGE + 3


def test_a_pattern_that_is_large_is_refused_before_it_takes_memory() -> None:
    rule = '[[rule]]\nid = "a"\nactions = ["log"]\nwhen.any = [ { regex = "((a{10}){10}){10}[a-z]{1,900}" } ]\n'
    _, told = parse(HEAD + rule)
    assert [one.message for one in told] == ["the regex is too large when its repeats are expanded"]


def test_patterns_beyond_the_most_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(regexes, "refusal", lambda pattern: compiled.append(pattern))
    listed = ", ".join(f'{{ regex = "a{number}" }}' for number in range(1500))
    _, told = parse(HEAD + f'[[rule]]\nid = "a"\nactions = ["log"]\nwhen.any = [ {listed} ]\n')
    assert len(compiled) == 1000
    assert any(re.match("more than 1000 regexes", one.message) for one in told)
