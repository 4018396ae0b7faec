"""Every text that the command line can show stands in messages.txt, so that one file can be read and reviewed.

Renew it after a change of messages: `pytest tests/cli/test_messages.py --renew-messages`.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from spacesctl.cli import commands
from spacesctl.cli.lazy import verbs
from spacesctl.domain.errors import BY_CODE

ROOT = Path(__file__).parent.parent.parent
SNAPSHOT = Path(__file__).parent / "messages.txt"
MODULES = sorted(
    [
        *(
            path
            for package in ("cli", "client", "demo", "doctor")
            for path in (ROOT / "spacesctl" / package).glob("*.py")
        ),
        ROOT / "spacesctl/domain/errors.py",
    ]
)
SHOWING = frozenset(
    {
        "say", "note", "fail", "emit", "echo", "print", "table", "confirm", "prompt",
        "Text", "Panel", "Finding", "Report", "append", "Option", "Argument", "Typer",
        "SpacesError", "Invalid", "NotSignedIn", "NotAllowed", "NotFound", "Refused", "Conflict", "Gone", "TooMany", "Unavailable",
    }
)  # fmt: skip
"""Calls that show their strings, so that a single word counts too."""
INTERNAL = frozenset({"execute", "Verb"})
"""Calls whose strings nobody reads, or that are here already: the table of commands repeats the helps."""
NOT_TEXT = frozenset({"style", "header_style", "border_style", "title_align", "envvar", "reason", "overflow"})
"""Keyword arguments that nobody reads."""
STYLE = re.compile(r"((bold|dim|italic|red|yellow|cyan|green) ?)+")
NAME = re.compile(r"-{1,2}[a-z/-]+|[a-z]+(_[a-z]+)+")
"""An option's name, or a stable code."""


class Shown(Enum):
    """How sure it is that a string at some place is shown; where it is NO, only strings of several words count."""

    NO = 0
    RETURNED = 1
    YES = 2


def texts(node: ast.AST, shown: Shown = Shown.NO) -> Iterator[str]:
    """Strings below `node` that a person may read; `{}` stands for a value. Docstrings and keys of look-ups are left out."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Compare() | ast.MatchValue() | ast.Set():
            return
        case ast.keyword(arg=name) if name in NOT_TEXT:
            return
        case ast.Subscript(value=value) if not _is_annotated(node):
            yield from texts(value, shown)
            return
        case ast.Dict(keys=keys, values=values):
            yield from (str(key.value) for key in keys if isinstance(key, ast.Constant) and str(key.value).isupper())
            for value in values:
                yield from texts(value)
            return
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            if name in INTERNAL:
                return
            shown = Shown.YES if name in SHOWING else Shown.NO if shown is Shown.RETURNED else shown
        case ast.Return() | ast.Lambda():
            shown = Shown.RETURNED
        case ast.Constant(value=str() as text):
            if _reads(text, shown):
                yield text
            return
        case ast.JoinedStr(values=values):
            pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
            if _reads(pattern.replace("{}", ""), shown):
                yield pattern
            for part in values:
                if isinstance(part, ast.FormattedValue):
                    yield from texts(part.value, shown)
            return
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        yield from texts(child, shown)


def _is_annotated(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "Annotated"


def _reads(text: str, shown: Shown) -> bool:
    text = text.strip()
    if "/v1/" in text or not any(char.isalpha() for char in text) or STYLE.fullmatch(text) or NAME.fullmatch(text):
        return False
    return shown is not Shown.NO or " " in text


def collected() -> list[str]:
    """`module: text`, sorted, each once; the help of a command stands behind its words in brackets."""
    found = {f"{_module(path)}: {_line(text)}" for path in MODULES for text in texts(ast.parse(path.read_text()))}
    found |= {f"domain.errors: {kind.title}" for kind in BY_CODE.values()}
    for words, verb in verbs(commands.ROOT):
        command = verb.function()
        module = command.__module__.removeprefix("spacesctl.")
        found.add(f"{module}: [{words}] {_line(inspect.getdoc(command) or '')}")
    return sorted(found)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "spacesctl").with_suffix("").parts)


def _line(text: str) -> str:
    return text.strip().replace("\n", "\\n")


def test_the_messages_are_those_of_the_snapshot(request: pytest.FixtureRequest) -> None:
    now = "".join(f"{line}\n" for line in collected())
    if request.config.getoption("--renew-messages"):
        SNAPSHOT.write_text(now)
    kept = SNAPSHOT.read_text()
    changes = "\n".join(
        difflib.unified_diff(kept.splitlines(), now.splitlines(), "messages.txt", "the code", "", "", 0, "")
    )
    assert kept == now, (
        f"messages changed; read them, then: pytest tests/cli/test_messages.py --renew-messages\n{changes}"
    )
