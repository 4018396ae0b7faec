"""The text of one rule, for whom it found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.rule_text import MOST, text_of

FILE = """schema = 1
# of the file
[limits]
max_auto_actions_per_5min = 5
[ladder.speech]
expire = "30d"
[[rule]]
# why we have it
id = "one"  # @troll
when.any = [ { words = ["a # b", 'c " # d'] } ]  # more
[rule.evidence]
before = "1s"
[[ rule ]]
"id" = 'two'
actions = [
  "log",  # only
  "report",
]
[exceptions]
words = ["x"]
"""


@pytest.mark.parametrize(
    ("rule_id", "text"),
    [
        (
            "one",
            '[[rule]]\nid = "one"\nwhen.any = [ { words = ["a # b", \'c " # d\'] } ]\n[rule.evidence]\nbefore = "1s"',
        ),
        ("two", '[[ rule ]]\n"id" = \'two\'\nactions = [\n  "log",\n  "report",\n]'),
        ("three", None),
        ("", None),
    ],
)
def test_a_rule_is_its_table_without_comments(rule_id: str, text: str | None) -> None:
    assert text_of(FILE, rule_id) == text


def test_a_long_rule_is_cut() -> None:
    words = ", ".join(f'"word {n}"' for n in range(2000))
    found = text_of(f'[[rule]]\nid = "r"\nwhen.any = [ {{ words = [{words}] }} ]\n', "r")
    assert found is not None
    assert len(found) == MOST


@given(st.text(alphabet="[]rule.id=\"'# \n\\ab", max_size=200), st.text(alphabet="ab", max_size=2))
def test_any_text_is_read_and_shows_no_comment(file: str, rule_id: str) -> None:
    found = text_of(file, rule_id)
    assert found is None or found.lstrip().startswith("[")
