"""`make mutate`: whether the pure tests notice when the rules of the product are changed under them.

    python -m tests.mutation [--children N] [--again]

mutmut makes the mutants and runs the tests that reach each (`[tool.mutmut]` in pyproject.toml). Mutants that change nothing but
a string literal are counted and left out: most are wordings, and a test that pins every word of a message helps nobody. What
survived is written to `mutants/survivors.diff`, to be read one by one. `--again` counts the last run without another.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MADE = Path("mutants")
ORIGINAL = "orig"


class Fate(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    UNTESTED = "no test"
    TIMEOUT = "timeout"
    OTHER = "other"
    LITERAL = "literal"


# What mutmut notes as the exit code of the tests; SIGXCPU is how it ends what takes too long.
_FATES = {
    0: Fate.SURVIVED, 1: Fate.KILLED, 3: Fate.KILLED, 5: Fate.UNTESTED, 33: Fate.UNTESTED,
    24: Fate.TIMEOUT, -24: Fate.TIMEOUT, 36: Fate.TIMEOUT, 152: Fate.TIMEOUT, 255: Fate.TIMEOUT,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    name: str
    package: str
    fate: Fate
    diff: str


class _Blank(ast.NodeTransformer):
    """A tree in which all string literals look the same."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def same_but_for_strings(before: ast.FunctionDef, after: ast.FunctionDef) -> bool:
    """The bodies and signatures; the names always differ."""
    return _shape(before) == _shape(after)


def _shape(function: ast.FunctionDef) -> str:
    blank = _Blank()
    return "".join(ast.dump(blank.visit(part)) for part in (function.args, *function.body))


def mutants_of(meta: Path) -> Iterator[Mutant]:
    """Of one module that mutmut has changed: its notes beside the module that holds every mutant under a name of its own."""
    notes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    if not notes:
        return
    text = meta.with_suffix("").read_text()
    functions = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    lines = text.splitlines()
    for name, code in notes.items():
        own = name.rpartition(".")[2]
        stem = own.rpartition("_")[0]
        before, after = functions[f"{stem}_{ORIGINAL}"], functions[own]
        old, new = (_source(lines, function, stem) for function in (before, after))
        fate = Fate.OTHER if code is None else _FATES.get(code, Fate.OTHER)
        if same_but_for_strings(_parsed(old), _parsed(new)):
            fate = Fate.LITERAL
        diff = difflib.unified_diff(old, new, name, fate.value, lineterm="", n=2)
        yield Mutant(name, meta.parent.name, fate, "\n".join(diff))


def _source(lines: list[str], function: ast.FunctionDef, stem: str) -> list[str]:
    name = stem.removesuffix("__mutmut")
    own = lines[function.lineno - 1 : function.end_lineno]
    return [own[0].replace(function.name, name), *own[1:]]


def _parsed(source: list[str]) -> ast.FunctionDef:
    indent = len(source[0]) - len(source[0].lstrip())
    wrapped = ["class _:", *source] if indent else source
    top = ast.parse("\n".join(wrapped)).body[0]
    function = top.body[0] if isinstance(top, ast.ClassDef) else top
    assert isinstance(function, ast.FunctionDef)
    return function


def share_killed(fates: Counter[Fate]) -> float:
    counted = sum(fates.values()) - fates[Fate.LITERAL]
    return 100.0 * fates[Fate.KILLED] / counted if counted else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Do the pure tests notice mutants?")
    parser.add_argument("--children", type=int, default=2, help="how many mutants are tried at once")
    parser.add_argument("--again", action="store_true", help="count what the last run left")
    asked = parser.parse_args()
    if not asked.again:
        shutil.rmtree(
            MADE, ignore_errors=True
        )  # mutmut keeps verdicts of functions that have not changed, whatever the tests did
        mutmut = Path(sys.executable).with_name("mutmut")
        if subprocess.run([mutmut, "run", "--max-children", str(asked.children)]).returncode:
            return 2
    found = [mutant for meta in sorted(MADE.glob("**/*.py.meta")) for mutant in mutants_of(meta)]
    (MADE / "survivors.diff").write_text(
        "\n\n".join(each.diff for each in found if each.fate not in (Fate.KILLED, Fate.LITERAL)) + "\n"
    )
    print(f"{'package':<14}" + "".join(f"{fate.value:>10}" for fate in Fate) + f"{'share':>9}")
    for package in [*sorted({each.package for each in found}), "all"]:
        fates = Counter(each.fate for each in found if package in (each.package, "all"))
        print(f"{package:<14}" + "".join(f"{fates[fate]:>10}" for fate in Fate) + f"{share_killed(fates):>8.1f}%")
    least = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["spacesctl"]["mutation"]["killed"]
    fates = Counter(each.fate for each in found)
    if share_killed(fates) < least:
        print(f"fewer than {least} % are killed: read {MADE / 'survivors.diff'}", file=sys.stderr)
    if fates[Fate.UNTESTED]:
        print(
            f"{fates[Fate.UNTESTED]} are reached by no test: they too are in {MADE / 'survivors.diff'}", file=sys.stderr
        )
    return 1 if share_killed(fates) < least or fates[Fate.UNTESTED] else 0


if __name__ == "__main__":
    sys.exit(main())
