"""One spelling for the words of rules and the words that a recogniser emits.

Lower case, one kind of apostrophe, hyphens as spaces, numerals as spoken words. Apostrophes stay, because `he'll`
without one is another word. A numeral in a rule has several readings (`4729`: digit by digit, or as a number).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice, product

UNKNOWN = "[unk]"
"""What a recogniser emits for a word outside its list; no word of a rule can be spelled like this."""
MAX_READINGS = 24
"""Readings of one phrase; further ones are left out."""

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_NOT_WORD = re.compile(r"[^\w']+", re.UNICODE)
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))


def words(text: str) -> list[str]:
    """The normalised words of a text, with numerals still as digits."""
    # Apostrophes first: NFKC would turn `´` into a space with an accent.
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).lower().replace("_", " ")
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    return [word for raw in _NOT_WORD.split(plain) if (word := raw.strip("'"))]


def heard(word: str) -> list[str]:
    """The normalised words of one recognised word: nearly always one, none for a bare punctuation mark. `[unk]` stays."""
    if word == UNKNOWN or word.startswith("<"):
        return [UNKNOWN]
    return [part for plain in words(word) for part in (_likely(plain) if _is_numeral(plain) else [plain])]


def readings(phrase: str) -> tuple[str, ...]:
    """All ways to say a phrase of a rule, normalised, with single spaces between words; empty when it has no word."""
    parts = [_numeral(word) if _is_numeral(word) else [[word]] for word in words(phrase)]
    if not parts:
        return ()
    ways = (" ".join(word for part in way for word in part) for way in islice(product(*parts), MAX_READINGS))
    return tuple(dict.fromkeys(ways))


def _is_numeral(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _likely(numeral: str) -> list[str]:
    """How a numeral that a recogniser wrote was most likely said. The readings of the numeral in a rule always include this one."""
    if len(numeral) <= 2 or numeral.endswith("00"):
        return _numeral(numeral)[0]
    return [_ONES[int(digit)] for digit in numeral]


def _numeral(numeral: str) -> list[list[str]]:
    """As a number, as one with `and`, digit by digit, and with `oh` for zero."""
    digits = [_ONES[int(digit)] for digit in numeral]
    ways = [digits, ["oh" if word == "zero" else word for word in digits]]
    if len(numeral) <= 9 and (numeral == "0" or not numeral.startswith("0")):
        number = int(numeral)
        ways = [_cardinal(number), _cardinal(number, link=["and"]), *ways]
    return [list(way) for way in dict.fromkeys(map(tuple, ways))]


def _cardinal(number: int, link: list[str] | None = None) -> list[str]:
    for size, name in _SCALES:
        if number >= size:
            rest = number % size
            glue = link or [] if rest and rest < 100 else []
            return [*_cardinal(number // size, link), name, *glue, *(_cardinal(rest, link) if rest else [])]
    if number < 20:
        return [_ONES[number]]
    return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]
