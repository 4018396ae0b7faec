"""Keeps riddles out of docstrings, comments, messages and docs: turns of phrase that a stranger has to read twice."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

NOT_YET: tuple[str, ...] = ()
"""Path prefixes that are still to be rewritten."""

RIDDLES: tuple[tuple[str, str], ...] = (
    (r"did not come to be", "say what failed, or that it was not created"),
    (r"(?:comes?|came) to be\b", "is created, starts"),
    (r"gets? no UDP through", "cannot use UDP"),
    (r"\bwho gets? no\b", "clients without ..."),
    (r"\bwhoever\b", "name the role: the caller, a client that ..., anyone who ..."),
    (r"\bnobody is told\b", "no notification is sent"),
    (r"\b(?:what|and|all that) c[ao]mes? of (?:it|them|this|that|an?|the)\b", "the result"),
    (r"\bstand(?:s|ing)? up\b", "is valid, runs, works"),
    (r"\bsits? nowhere\b", "has no ..."),
    (r"\b(?:is|are|was|were|be) let go\b", "is released, is dropped"),
    (r"\bof before\b", "earlier, previous"),
    (r"\bheed(?:s|ed)?\b", "consider, obey"),
    (r"\bgag(?:s|ged)?\b", "server mute, server-muted"),
    (r"\bthe ears\b", "recogniser, listener"),
    (r"\bhouse\b(?! rules?\b)", "server, registry, host"),
    (r"\bcrowds?\b", "audience, many listeners"),
    (r"\bblocks? of listeners\b", "subscriber batch"),
    (r"\b(?:ow(?:ed|es)|is owing)\b", "pending, queued"),
    (r"\bdoors?\b", "route, entry point, port"),
    (r"\bmade good\b", "done late, repeated"),
    (r"\bgoes? home\b", "returns, ends"),
    (r"\blast words\b", "last messages, end"),
    (r"\bgoodbyes?\b", "last message, close_notify, BYE"),
    (r"\bnobody(?: else)?'s business\b", "is not revealed"),
    (r"\b(?:as|what) (?:it|they) then (?:is|are)\b", "the new state"),
    (r"\b(?:says?|said) of (?:it|them|him|her)?sel(?:f|ves)\b", "describes itself, announces"),
    (r"\btakes? a voice away\b", "mutes"),
    (r"\bnobody holds up\b|\bholds? up the\b", "delays"),
    (r"\bgo(?:es)? on (?:from there|alone|with what)\b", "continues, resumes"),
    (r"\breckon(?:s|ed)?\b", "compute, expect"),
    (r"\bis (?:tried|done|stored) all the same\b", "still"),
    (r"\bin their own words\b|\bin its words\b", "in its format"),
)
_COMPILED = [
    # A phrase may run over a line end, and in comments over the next mark.
    (re.compile(regex.replace(" ", r"\s+(?:#\s+)?"), re.IGNORECASE), instead)
    for regex, instead in RIDDLES
]
_LAST_DECISION_LEFT_AS_IT_WAS = 18


def prose_of_python(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each comment, and of each string that has a space: docstrings and messages."""
    yield from _comments(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Comments on successive lines as one, so that a phrase is found over their line ends."""
    first, last, held = 0, 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if held and line != last + 1:
            yield first, "\n".join(held)
            held = []
        first = first if held else line
        held.append(token.string)
        last = line
    if held:
        yield first, "\n".join(held)


def prose_of_markdown(text: str) -> Iterator[tuple[int, str]]:
    """The page as one text, without its code blocks."""
    blank = re.sub(r"^```.*?^```", lambda code: "\n" * code[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)
    yield 1, blank


def riddles(prose: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """(line, complaint) of each riddle. Names in backticks are code, not prose."""
    for line, text in prose:
        plain = re.sub(r"`[^`]*`", lambda code: re.sub(r"[^\n]", "`", code[0]), text)
        for regex, instead in _COMPILED:
            for found in regex.finditer(plain):
                said = " ".join(found[0].split())
                yield line + plain.count("\n", 0, found.start()), f"{said!r}: say {instead!r} or the like"


def _pages() -> list[Path]:
    decisions = [
        page for page in (ROOT / "docs/decisions").glob("*.md") if int(page.name[:4]) > _LAST_DECISION_LEFT_AS_IT_WAS
    ]
    return [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *decisions]


def _files() -> list[Path]:
    return sorted([*(ROOT / "spacesctl").rglob("*.py"), *(ROOT / "bots").rglob("*.py"), *_pages()])


def test_prose_has_no_riddles() -> None:
    complaints = []
    for path in _files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(NOT_YET):
            continue
        text = path.read_text()
        prose = prose_of_python(text) if path.suffix == ".py" else prose_of_markdown(text)
        complaints += [f"{name}:{line}: {complaint}" for line, complaint in sorted(riddles(prose))]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('"""It did not\ncome to be."""', [1, 2]),
        ("x = 1\n# one who gets\n# no UDP through", [2, 2]),
        ("def f():\n    raise ValueError(f'{x} was gagged by {y}')", [2]),
        ("gag = {'gag': 'gagged'}  # the key `gag` is stable", []),
    ],
)
def test_riddles_are_found_in_prose_alone(text: str, lines: list[int]) -> None:
    assert [line for line, _ in riddles(prose_of_python(text))] == lines


def test_code_in_pages_is_not_prose() -> None:
    page = "A page.\n\n```\nwhoever\n```\n\nIt is owed to\nwhoever asks, by `whoever`.\n"
    assert sorted(line for line, _ in riddles(prose_of_markdown(page))) == [7, 8]
