"""Bounds on the text of a rule file, held before it is parsed: the parser's time and memory grow with the square of some of them.

They are looked for by one pass over strings, comments and brackets, in a time that grows with the length alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacesctl.rules.problems import Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 8
"""Parts of a dotted key. The deepest key that means something has three."""
MAX_NESTING = 8
"""Arrays and inline tables within one another. The deepest value that means something has three."""
MAX_TABLES = 5_000
"""Headers such as `[[rule]]`."""
MAX_WORD = 512
"""Characters of a key or number without quotes."""
MAX_STRING = 2_000
"""Characters of a string, with its quotes."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
    r"|[\w+-]+"
    r"|[\[\]{}.,=\n]",
    re.DOTALL,
)


def refusal(text: str, filename: str) -> Problem | None:
    """What exceeds a bound first, with its line; None if nothing does."""
    if len(text.encode()) > MAX_BYTES:
        return Problem(1, f"the file is larger than {MAX_BYTES >> 20} MiB", "split the lists", filename)
    found = next(_excesses(text), None)
    if found is None:
        return None
    at, message, todo = found
    return Problem(text.count("\n", 0, at) + 1, message, todo, filename)


def _excesses(text: str) -> Iterator[tuple[int, str, str]]:
    """Where a bound is exceeded, how, and what to do."""
    dots = nesting = tables = 0
    begins_line = True
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token == ".":
            dots += 1
            if dots >= MAX_DEPTH:
                yield found.start(), f"a key with more than {MAX_DEPTH} parts", "no key of a rule file has so many"
        elif token in ("=", ",", "\n"):
            dots = 0
        elif token in ("[", "{"):
            dots, nesting = 0, nesting + 1
            tables += token == "[" and begins_line
            if nesting > MAX_NESTING:
                yield found.start(), f"more than {MAX_NESTING} lists and tables within one another", "write it flatter"
            if tables > MAX_TABLES:
                yield found.start(), f"more than {MAX_TABLES} tables", "put more phrases into one rule"
        elif token in ("]", "}"):
            dots, nesting = 0, max(0, nesting - 1)
        elif token[0] in "\"'":
            if len(token) > MAX_STRING:
                yield found.start(), f"a string of more than {MAX_STRING} characters", "write at most 200 for a phrase"
        elif token[0] != "#" and len(token) > MAX_WORD:
            yield found.start(), f"a word of more than {MAX_WORD} characters", "no key or number is so long"
        begins_line = token == "\n" or (begins_line and token[0] == "#")
