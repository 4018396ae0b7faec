"""Docs are tests: the reference pages are current, and nothing that exists is missing from them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spacesctl.domain.errors import BY_CODE
from spacesctl.server.process.settings import Settings

ROOT = Path(__file__).parent.parent


def test_the_reference_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr}; run: python docs/generate.py"


def test_every_error_code_and_setting_is_documented() -> None:
    errors, settings = (ROOT / "docs/errors.md").read_text(), (ROOT / "docs/settings.md").read_text()
    assert [code for code in BY_CODE if f"`{code}`" not in errors] == []
    names = set(Settings.model_fields) - {"from_file"}
    assert [name for name in names if f"#{name} = " not in settings and f"[{name}]" not in settings] == []


def test_every_rule_key_is_documented() -> None:
    text = (ROOT / "docs/rule-file.md").read_text()
    for key in (
        "schema",
        "limits",
        "id",
        "mode",
        "severity",
        "when.any",
        "when.all",
        "repeat",
        "scope",
        "cooldown",
        "actions",
        "evidence",
    ):
        assert f"| `{key}` |" in text


def test_the_examples_of_the_rules_page_are_good_rule_files() -> None:
    from spacesctl.rules.rulefile import compile_rules

    whole, facts, part = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/rule-file.md").read_text(), re.DOTALL)
    assert [rule.id for rule in compile_rules(whole).rules] == ["scam-pitch"]
    assert [rule.id for rule in compile_rules(f"schema = 1\n{part}").rules] == ["numbers"]
    assert [rule.id for rule in compile_rules(f"schema = 1\n{facts}").rules] == ["raid", "shouting"]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
    ],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
