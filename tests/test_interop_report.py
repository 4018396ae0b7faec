"""The page of clients is made of what tests found: outcomes reach the file, and a page that says otherwise is told."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
SUITE = """
import pytest

@pytest.mark.interop("aiortc", "speaks", "listens")
def test_good(): pass

@pytest.mark.interop("someone", "speaks")
def test_bad(): assert False

@pytest.fixture
def broken(): raise OSError

@pytest.mark.interop("someone", "listens")
def test_that_never_began(broken): pass

def test_of_nobody(): pass
"""
ROWS = [
    {"client": "aiortc", "version": "1.16.0", "way": "speaks", "test": "tests/a.py::test_one", "outcome": "passed"},
    {"client": "aiortc", "version": "1.16.0", "way": "speaks", "test": "tests/a.py::test_two", "outcome": "passed"},
    {
        "client": "OBS",
        "version": "",
        "way": "offer is answered",
        "test": "tests/b.py::test_b[obs]",
        "outcome": "failed",
    },
]


@pytest.fixture(scope="module")
def interop() -> ModuleType:
    """docs/interop.py, which is a script."""
    spec = importlib.util.spec_from_file_location("docs_interop", ROOT / "docs/interop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_outcomes_and_versions_reach_the_file_and_later_runs_add_to_it(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = interop")
    pytester.makepyfile(SUITE)
    flags = ("-p", "tests.interop.report", "-p", "no:randomly", "--interop-report=found.json")
    for part in ("good or nobody", "bad or never"):
        pytester.runpytest_inprocess(*flags, "-k", part)
    rows = json.loads((pytester.path / "found.json").read_text())
    aiortc = importlib.metadata.version("aiortc")
    assert [(row["client"], row["version"], row["way"], row["outcome"]) for row in rows] == [
        ("aiortc", aiortc, "listens", "passed"),
        ("aiortc", aiortc, "speaks", "passed"),
        ("someone", "", "listens", "failed"),
        ("someone", "", "speaks", "failed"),
    ]


def test_a_way_is_proved_only_if_all_its_tests_passed(interop: ModuleType) -> None:
    made = interop.table(ROWS)
    assert "| OBS |  | offer is answered | failed | `tests/b.py::test_b` |" in made
    assert "| aiortc | 1.16.0 | speaks | passed | `tests/a.py::test_one`<br>`tests/a.py::test_two` |" in made
    failed = [ROWS[0], {**ROWS[1], "outcome": "failed"}]
    assert "| aiortc | 1.16.0 | speaks | failed |" in interop.table(failed)


def test_the_page_keeps_its_words_and_other_versions_are_no_difference(interop: ModuleType) -> None:
    page = (ROOT / "docs/interop.md").read_text()
    words = page.partition(interop.BEGIN)[0], page.partition(interop.END)[2]
    made = interop.put(page, interop.table(ROWS))
    assert made.startswith(words[0])
    assert made.endswith(words[1])
    assert interop.put(made, interop.table(ROWS)) == made
    later = interop.put(page, interop.table([{**row, "version": "9.9"} for row in ROWS]))
    assert interop.facts(made) == interop.facts(later)
    fewer = interop.put(page, interop.table(ROWS[1:]))
    assert interop.facts(made) != interop.facts(fewer)


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/interop.md").read_text())
    assert named
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
