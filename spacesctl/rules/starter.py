"""The starter set of rules, with what was made up to test it: sentences, and which of them the rules are to find."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
RULES: Final = _HERE / "starter.toml"
CASES: Final = _HERE / "starter.cases.jsonl"
LABELS: Final = _HERE / "starter.labels.jsonl"
