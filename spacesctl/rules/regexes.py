"""Checks whether a rule may use a regex. RE2 runs in linear time, so that no pattern can hang the bot."""

from __future__ import annotations

import re
from typing import Any

from spacesctl.rules.ruleset import MAX_REGEX

MAX_PROGRAM = 4000
"""RE2 instructions of one pattern. Counted repeats turn short patterns into large automata."""
CHECKED_WITH = 1 << 20
"""Bytes that RE2 may use for a pattern that is checked: several times what `MAX_PROGRAM` needs, so that larger ones fail at once."""
MAX_TOTAL = 200_000
"""RE2 instructions of all patterns of a file together. Their set must fit the memory limit with room for its states."""
_TOO_LARGE = "the regex is too large when its repeats are expanded", "use smaller counts in `{...}`"
_WORD = r"\p{L}\p{M}\p{N}'"
_FOR_ENDS = "speech has no line ends: write only the words"


def options(max_mem: int = 64 << 20) -> Any:
    """RE2's options for rules: ignore case, print nothing to stderr, at most `max_mem` bytes of memory."""
    import re2

    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.log_errors = False
    chosen.max_mem = max_mem
    return chosen


def wrapped(pattern: str) -> str:
    """The pattern as it is run, on words with a space before and after each. `\\w` is every letter, mark and digit."""
    return f" (?:{_with_all_letters(pattern)}) "


def _with_all_letters(pattern: str) -> str:
    """RE2's own `\\w` knows the letters a to z alone."""
    made, at, in_class = list[str](), 0, False
    while at < len(pattern):
        here, pair = pattern[at], pattern[at : at + 2]
        if here == "\\":
            made.append(
                (_WORD if in_class else f"[{_WORD}]")
                if pair == "\\w"
                else f"[^{_WORD}]"
                if pair == "\\W" and not in_class
                else pair
            )
            at += 2
            continue
        if in_class:
            in_class = here != "]"
        elif here == "[":
            in_class = True
            first = 2 if pair == "[^" else 1
            if pattern[at + first : at + first + 1] == "]":  # it stands for itself there
                made.append(pattern[at : at + first + 1])
                at += first + 1
                continue
        made.append(here)
        at += 1
    return "".join(made)


def refusal(pattern: str) -> tuple[str, str] | None:
    """None for a usable pattern, else (what is wrong, what to do)."""
    import re2

    if len(pattern) > MAX_REGEX:
        return f"the regex has {len(pattern)} characters, the most is {MAX_REGEX}", "split it into several"
    if not pattern:
        return "an empty regex", "remove it: it would match everything"
    if re.search(r"\[[^\]]*\\W", pattern):
        return "the regex has `\\W` in a class", "write the class without it: words have single spaces between them"
    if _has_anchor(pattern):
        return "the regex uses `^`, `$`, `\\A` or `\\z`", _FOR_ENDS
    try:
        compiled = re2.compile(pattern, options(CHECKED_WITH))
        re2.compile(wrapped(pattern), options(CHECKED_WITH))
    except re2.error as error:
        reason = _reason(error)
        if "too large" in reason:
            return _TOO_LARGE
        return f"the regex does not compile ({reason})", "see the RE2 syntax: no look-around, no back-references"
    if compiled.programsize > MAX_PROGRAM:
        return _TOO_LARGE
    if compiled.fullmatch("") is not None:
        return "the regex matches the empty text, and therefore everything", "ask for at least one word"
    return None


def size(pattern: str) -> int:
    """The RE2 instructions of a usable pattern."""
    import re2

    return int(re2.compile(wrapped(pattern), options()).programsize)


def has_digits(pattern: str) -> bool:
    """Whether the pattern asks for digits, which never match: the recogniser writes numbers as words."""
    return re.search(r"\\d|[0-9]", re.sub(r"\{[0-9, ]*\}", "", pattern)) is not None


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else "syntax"
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _has_anchor(pattern: str) -> bool:
    """Whether there is an anchor outside of character classes."""
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
