"""The gates of `make cover` and `make mutate`: what they count, and what they let through."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.coverage_floors import Covered, below, by_package, package_of
from tests.coverage_floors import main as cover
from tests.mutation import Fate, mutants_of, same_but_for_strings, share_killed


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("spacesctl/domain/ids.py", "domain"),
        ("spacesctl/server/http/routes/people.py", "server"),
        ("spacesctl/__main__.py", "spacesctl"),
        ("bots/hearing/pool.py", "bots"),
    ],
)
def test_a_file_counts_for_its_package(path: str, package: str) -> None:
    assert package_of(path) == package


def summary(lines_run: int, branches_run: int) -> dict[str, dict[str, int]]:
    """Of a file with 100 lines and 100 branches."""
    return {
        "summary": {
            "num_statements": 100, "covered_lines": lines_run, "num_branches": 100, "covered_branches": branches_run,
        }
    }  # fmt: skip


def test_both_shares_of_a_package_must_reach_its_floor() -> None:
    files = {
        "spacesctl/a/x.py": summary(100, 90),
        "spacesctl/a/y.py": summary(90, 100),
        "spacesctl/b/x.py": summary(100, 94),
        "spacesctl/c/x.py": summary(84, 100),
        "spacesctl/d/x.py": summary(85, 85),
    }
    found = by_package({"files": files})
    assert found["a"] == Covered(200, 190, 200, 190)
    assert below(found, {"a": 95, "b": 95, "rest": 85}) == ["b", "c"]
    assert Covered().least == 100.0, "what has no lines lacks none"


def test_a_package_below_its_floor_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.spacesctl.coverage]\na = 95\nrest = 85\n")
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"files": {"spacesctl/a/x.py": summary(95, 94), "spacesctl/b/x.py": summary(85, 85)}}))
    assert cover(report) == 1
    assert capsys.readouterr().err == "below the floor: a\n"
    report.write_text(json.dumps({"files": {"spacesctl/a/x.py": summary(95, 95)}}))
    assert cover(report) == 0


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("def f(a='x'): return 'y'", "def g(a='X'): return 'XXyXX'", True),
        ("def f(): return f('a', 1)", "def g(): return f('A', 1)", True),
        ("def f(): return 'a'", "def g(): return None", False),
        ("def f(): return f('a', 1)", "def g(): return f('a', 2)", False),
        ("def f(): return f('a', 1)", "def g(): return f(1)", False),
        ("def f(a=1): pass", "def g(a=2): pass", False),
        ("def f(): a = None", "def g(): a = ''", False),
    ],
)
def test_a_mutant_of_a_string_alone_is_told_from_others(before: str, after: str, same: bool) -> None:
    functions = [ast.parse(text).body[0] for text in (before, after)]
    assert all(isinstance(function, ast.FunctionDef) for function in functions)
    assert same_but_for_strings(*functions) is same  # type: ignore[arg-type]


def test_mutants_are_read_from_what_mutmut_leaves(tmp_path: Path) -> None:
    module = tmp_path / "domain" / "m.py"
    module.parent.mkdir()
    module.write_text(
        "def x_f__mutmut_orig(a):\n    return a + 1, 'y'\n"
        "def x_f__mutmut_1(a):\n    return a - 1, 'y'\n"
        "def x_f__mutmut_2(a):\n    return a + 1, 'Y'\n"
        "class C:\n"
        "    def xǁCǁg__mutmut_orig(self):\n        return 1\n"
        "    def xǁCǁg__mutmut_1(self):\n        return 2\n"
    )
    notes = {"m.x_f__mutmut_1": 1, "m.x_f__mutmut_2": 0, "m.xǁCǁg__mutmut_1": 33}
    module.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": notes}))
    found = list(mutants_of(module.with_suffix(".py.meta")))
    assert [mutant.fate for mutant in found] == [Fate.KILLED, Fate.LITERAL, Fate.UNTESTED]
    assert {mutant.package for mutant in found} == {"domain"}
    assert "-        return 1\n+        return 2" in found[2].diff


def test_literals_are_no_part_of_the_share() -> None:
    assert share_killed(Counter({Fate.KILLED: 4, Fate.SURVIVED: 1, Fate.LITERAL: 95})) == 80.0
    assert share_killed(Counter({Fate.LITERAL: 1})) == 0.0
