"""The locator in text without a blank too many: nothing is passed over between two marks."""

from __future__ import annotations

import pytest

from spacesctl.rules.lines import Path, locate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1\nb=2", {("a",): 1, ("b",): 2}),
        ("a=[1,\n2]", {("a",): 1, ("a", 0): 1, ("a", 1): 2}),
        ("a=[]\nb=[[]]", {("a",): 1, ("b",): 2, ("b", 0): 2}),
        ("a={}\nb={c=1}", {("a",): 1, ("b",): 2, ("b", "c"): 2}),
        ("a=''\nb='x'\nc=1", {("a",): 1, ("b",): 2, ("c",): 3}),
        ('a=["x","y"]\nb="\\"]"\nc=1', {("a",): 1, ("a", 0): 1, ("a", 1): 1, ("b",): 2, ("c",): 3}),
        ("a=['''y'''',1]\nb=2", {("a",): 1, ("a", 0): 1, ("a", 1): 1, ("b",): 2}),
        ("[a]\nb=1", {("a",): 1, ("a", "b"): 2}),
        ("[a]#x\n[[b]]#y\nc=1", {("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 0, "c"): 3}),
        ("[a]\n[b]", {("a",): 1, ("b",): 2}),
        ("[[a]]\n[[a]]", {("a",): 1, ("a", 0): 1, ("a", 1): 2}),
        ("[[a]]\n[a.b]\nc=1", {("a",): 1, ("a", 0): 1, ("a", 0, "b"): 2, ("a", 0, "b", "c"): 3}),
        ("", {}),
        ("#", {}),
    ],
)
def test_every_path_of_a_compact_text_has_its_line(text: str, expected: dict[Path, int]) -> None:
    assert locate(text) == expected
