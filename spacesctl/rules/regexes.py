"""Whether a regex of a rule may be used at all. RE2 runs in linear time, so no pattern can hang the bot."""

from __future__ import annotations

import re
from typing import Any

from spacesctl.rules.ruleset import MAX_REGEX

MAX_PROGRAM = 4000
"""RE2 instructions of one pattern: counted repeats make short patterns into large automata."""
MAX_TOTAL = 200_000
"""RE2 instructions of all patterns of a file together: their set must fit its memory with room for its states."""
_FOR_ENDS = "speech has no line ends: write only the words"


def options() -> Any:
    """RE2's options as rules use them: no matter the case, no messages on stderr, memory bounded."""
    import re2

    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.log_errors = False
    chosen.max_mem = 64 << 20
    return chosen


def wrapped(pattern: str) -> str:
    """The pattern as it is run, over words with a space before and behind each."""
    return f" (?:{pattern}) "


def refusal(pattern: str) -> tuple[str, str] | None:
    """None for a usable pattern, else (what is wrong, what to do)."""
    import re2

    if len(pattern) > MAX_REGEX:
        return f"the regex has {len(pattern)} characters, the most is {MAX_REGEX}", "split it into several"
    if not pattern:
        return "an empty regex", "remove it: it would match everything"
    if _has_anchor(pattern):
        return "the regex uses `^`, `$`, `\\A` or `\\z`", _FOR_ENDS
    try:
        compiled = re2.compile(pattern, options())
        re2.compile(wrapped(pattern), options())
    except re2.error as error:
        return (
            f"the regex does not compile ({_reason(error)})",
            "see the RE2 syntax: no look-around, no back-references",
        )
    if compiled.programsize > MAX_PROGRAM:
        return "the regex is too large once its repeats are counted out", "use smaller counts in `{...}`"
    if compiled.fullmatch("") is not None:
        return "the regex matches the empty text, hence everything", "ask for at least one word"
    return None


def size(pattern: str) -> int:
    """RE2 instructions of a usable pattern."""
    import re2

    return int(re2.compile(wrapped(pattern), options()).programsize)


def has_digits(pattern: str) -> bool:
    """It asks for digits, which speech never has: numerals are heard as words."""
    return re.search(r"\\d|[0-9]", re.sub(r"\{[0-9, ]*\}", "", pattern)) is not None


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else "syntax"
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _has_anchor(pattern: str) -> bool:
    """Anchors outside of character classes."""
    at, in_class = 0, False
    while at < len(pattern):
        here = pattern[at]
        if here == "\\":
            if not in_class and pattern[at + 1 : at + 2] in ("A", "z"):
                return True
            at += 1
        elif in_class:
            in_class = here != "]"
        elif here == "[":
            in_class = True
            at += 2 if pattern[at + 1 : at + 3] == "^]" else 1 if pattern[at + 1 : at + 2] in ("]", "^") else 0
        elif here in "^$":
            return True
        at += 1
    return False
