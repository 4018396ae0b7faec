"""Reads the condition `digits` of a rule file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from spacesctl.rules import normalise
from spacesctl.rules.fields import Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.numbers import Digits, Shape

LEAST_RUN: Final = 4
"""Digits of the shortest number: with fewer, every year and every price would be one."""
MOST_DIGITS: Final = 32
"""Digits of the longest number: an IBAN has as many."""
MAX_SHAPES: Final = 50
PREFIX: Final = re.compile(r"[0-9]{1,16}")
_KEYS: Final = frozenset({"run", "allow"})
_SHAPE_KEYS: Final = frozenset({"length", "prefix", "after"})


def digits(reader: Reader, path: Path, value: object) -> Digits | None:
    """The condition; None when it is not a table."""
    if not reader.is_table(value, path):
        return None
    reader.keys(path, value, set(_KEYS))
    run = reader.integer((*path, "run"), value.get("run", 6), LEAST_RUN, MOST_DIGITS)
    where: Path = (*path, "allow")
    shapes = [_shape(reader, (*where, n), item) for n, item in enumerate(reader.tables(where, value.get("allow", [])))]
    if len(shapes) > MAX_SHAPES:
        reader.error(where, f"more than {MAX_SHAPES} kinds of numbers are allowed", "name fewer")
    return Digits(run, tuple(shapes), reader.line(path))


def _shape(reader: Reader, path: Path, data: Mapping[str, object]) -> Shape:
    reader.keys(path, data, set(_SHAPE_KEYS))
    if not data:
        reader.error(path, "an empty table allows every number", "write `length`, `prefix` or `after`")
    length = reader.integer((*path, "length"), data["length"], LEAST_RUN, MOST_DIGITS) if "length" in data else 0
    prefix, after = data.get("prefix", ""), data.get("after", "")
    if "prefix" in data and not (isinstance(prefix, str) and PREFIX.fullmatch(prefix)):
        reader.error((*path, "prefix"), f"`prefix` is {prefix!r}", 'write its first digits as a string, as in "49"')
    if isinstance(prefix, str) and length and len(prefix) > length:
        reader.error(path, f"no number of {length} digits begins with {prefix}", "write a shorter `prefix`")
    phrases = reader.phrases((*path, "after"), [after]) if "after" in data else []
    return Shape(length, prefix if isinstance(prefix, str) else "", _spoken(phrases[0].text) if phrases else "")


def _spoken(phrase: str) -> str:
    return " ".join(part for word in normalise.words(phrase) for part in normalise.heard(word))
