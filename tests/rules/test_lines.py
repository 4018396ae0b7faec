"""The locator against texts whose lines are counted by eye, and against tomllib's own idea of what is there."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.lines import line_of, locate

TEXT = '''# a comment with [brackets] and = signs
schema = 1

[limits]
allow = { scam = ["kick"], "odd.id" = [] }

[[rule]]
id = "a"   # with "quotes"
when.any = [
  { words = [
      "one",
      """two
lines""",
      "three" ] },
  { regex = '\\[x\\]' },
]
[rule.evidence]
before = "1s"

[[rule]]
id = 'b'
'''


def test_every_key_table_and_item_has_its_line() -> None:
    lines = locate(TEXT)
    words = ("rule", 0, "when", "any", 0, "words")
    assert lines["schema",] == 2
    assert lines["limits",] == 4
    assert lines["limits", "allow", "scam"] == lines["limits", "allow", "odd.id"] == 5
    assert lines["rule", 0] == 7
    assert lines["rule", 0, "id"] == 8
    assert [lines[(*words, n)] for n in range(3)] == [11, 12, 14]
    assert lines["rule", 0, "when", "any", 1, "regex"] == 15
    assert lines["rule", 0, "evidence", "before"] == 18
    assert lines["rule", 1] == 20
    assert lines["rule", 1, "id"] == 21


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = locate(TEXT)
    assert line_of(lines, ("rule", 1, "actions")) == 20
    assert line_of(lines, ("nothing",)) == 1


def test_escaped_quotes_and_windows_line_ends_do_not_derail_it() -> None:
    lines = locate("a = \"x\\\\\"\r\nb = \"\\\"]\"\r\nc = '''y''''\r\nd = 1979-05-27T07:32:00Z\r\n")
    assert [lines[key,] for key in "abcd"] == [1, 2, 3, 4]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} - {()} | {each for key, item in inner for each in _paths(item, (*path, key))}


_scalars = st.one_of(
    st.integers(-9, 9).map(str),
    st.booleans().map(lambda each: str(each).lower()),
    st.text("ab#[]{}=,'. ", max_size=6).map(lambda each: f'"{each}"'),
    st.text('ab#[]{}=,". \n', max_size=6).filter(lambda each: not each.endswith("'")).map(lambda each: f"'''{each}'''"),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n".join(items) + "]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{ " + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + " }"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(_values, max_size=5))
def test_it_finds_exactly_the_paths_that_tomllib_finds(values: list[str]) -> None:
    text = "\n".join(f"key{n} = {value}" for n, value in enumerate(values))
    assert set(locate(text)) == _paths(tomllib.loads(text))
