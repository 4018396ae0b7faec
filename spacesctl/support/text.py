"""Which characters in a text of others act on what stands around it: pure, for the server, which refuses them, and for what shows texts.

Hostile are the controls of a terminal (C0, DEL, C1), all characters of Unicode's property Bidi_Control, line and paragraph separators,
surrogates, noncharacters, annotations, deprecated format characters, and tag characters outside a flag. ZWNJ and ZWJ are not: Persian
and joined emoji need them. `docs/decisions/0032-texts-of-others.md` says why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

MOST_MARKS: Final = 8
"""Combining marks on one letter. Hebrew with cantillation, Thai and Tibetan have fewer; more of them cover the lines around."""
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_PLANES_END: Final = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_ALWAYS: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Bidi_Control
    "\u2028\u2029"  # other ends of a line
    "\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a"  # deprecated, BOM, annotations, beams and slurs of music
    "\ud800-\udfff\ufdd0-\ufdef" + _PLANES_END +  # no characters at all
    "\U000e0001\U000e0020-\U000e007f"  # tags
)  # fmt: skip
_FLAG: Final = "(?P<flag>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
"""A flag of a region, such as that of Scotland, which is spelt in tag characters (UTS 51, ED-14a)."""
_ANY: Final = re.compile(f"[\\t\\n{_ALWAYS}]"), re.compile(f"[{_ALWAYS}]")
"""In a line, and in lines. Much faster than those that know flags."""
_IN_LINES: Final = re.compile(f"{_FLAG}|[{_ALWAYS}]")
_IN_LINE: Final = re.compile(f"{_FLAG}|[\t\n{_ALWAYS}]")
_PLAIN: Final = bytes(range(0x20, 0x7F))
_PLAIN_LINES: Final = _PLAIN + b"\t\n"
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""They are letters, marks and symbols by their category, and nothing is to be seen of them."""
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Mc", "Zs", "Zl", "Zp"})


def hostile(text: str, *, lines: bool = False) -> str | None:
    """The first hostile character, or None. `lines`: newline and tab are allowed."""
    if _is_plain(text, lines) or _ANY[lines].search(text) is None:
        return None
    found = (one[0] for one in (_IN_LINES if lines else _IN_LINE).finditer(text) if one["flag"] is None)
    return next(found, None)


def _is_plain(text: str, lines: bool) -> bool:
    """Whether it is printable ASCII: the rule, and forty times as fast to say as with a regex, which counts for a file of 1 MiB."""
    return text.isascii() and not text.encode().translate(None, _PLAIN_LINES if lines else _PLAIN)


def clean(text: str) -> str:
    """The text with U+FFFD for each hostile character. Newlines and tabs stay."""
    return replaced(text, lambda char: REPLACEMENT)


def replaced(text: str, instead: Callable[[str], str]) -> str:
    """The text with something instead of each hostile character. Newlines, tabs and flags stay."""
    if _is_plain(text, True) or _ANY[True].search(text) is None:
        return text
    return _IN_LINES.sub(lambda found: found["flag"] or instead(found[0]), text)


def one_line(text: str) -> str:
    """The same with spaces for newlines and tabs, where more than a line has no place."""
    return clean(text.replace("\n", " ").replace("\t", " "))


def without(text: str) -> str:
    """The text without its hostile characters, and in one line: for what no person can be asked to write anew."""
    return replaced(text.replace("\n", " ").replace("\t", " "), lambda char: "")


def is_visible(text: str) -> bool:
    """Whether anything can be seen of it: not only white space, marks without a letter, and characters of no width."""
    return any(char not in _BLANK and unicodedata.category(char) not in _UNSEEN for char in text)


def is_heaped(text: str) -> bool:
    """Whether a letter carries more than `MOST_MARKS` marks."""
    if text.isascii():
        return False
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        if kind in _MARKS:
            marks += 1
        elif kind != "Cf":  # what has no width begins no new letter
            marks = 0
        if marks > MOST_MARKS:
            return True
    return False


def code_point(char: str) -> str:
    """How a character is named: `U+202E`."""
    return f"U+{ord(char):04X}"


def refused(char: str) -> str:
    """The end of the sentence that refuses a character, without showing it."""
    return f"has the character {code_point(char)}, which is not allowed"


def fault(text: str, *, lines: bool = False) -> str | None:
    """What is wrong with a text that others will see, as the end of a sentence that never shows the text; None for nothing.

    The empty text is right: whether a field may be empty is its own affair.
    """
    if (char := hostile(text, lines=lines)) is not None:
        return refused(char)
    if text and not is_visible(text):
        return "has nothing visible in it"
    if is_heaped(text):
        return f"has more than {MOST_MARKS} marks on one letter"
    return None
