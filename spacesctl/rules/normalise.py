"""One spelling for the words of rules and the words that a recogniser emits, in any script.

Compatible forms and letter case are folded (`ß` and `ss`, final sigma, `İ`), apostrophes made one, hyphens are spaces. Vowel signs and
other marks belong to their letter; the points of Hebrew, the short vowels of Arabic and joiners, which one may write or not, are dropped.
Each Han character is a word, since recognisers divide Chinese in their own way. Numerals are spoken words (`numerals`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

from spacesctl.rules import contractions, numerals

UNKNOWN = "[unk]"
"""What a recogniser emits for a word outside its list; no word of a rule can be spelled like this."""
MAX_READINGS = 24
"""Readings of one phrase; further ones are left out."""
HEARD_WORDS = 65_536
"""Recognised words of which the spelling is remembered."""

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_HEBREW = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ARABIC = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
_OPTIONAL = re.compile(f"[{_HEBREW}{_ARABIC}\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
"""Points, short vowels, joiners and selectors of a glyph: the word is the same without them."""
_DOT_ABOVE = "i\u0307"
"""What Turkish `İ` is in lower case."""
_HAN = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
_SENTENCE = frozenset('.,;:!?…"¿¡。、，！？：；।،؟')
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DOTLESS = frozenset("ğşıçĞŞİÇ")
"""Letters that tell that a phrase is Turkish, where `I` is not the capital of `i`."""


def lost(text: str) -> str | None:
    """The first character of a rule's entry that is no part of a word although it may mean something: `$` in `a$$`. None: there is none.

    Punctuation at the edges of words and between the groups of a number means nothing, and hyphens are spaces.
    """
    plain = _THOUSANDS.sub("", text.translate(_APOSTROPHES))
    for at, each in enumerate(plain):
        if is_part(each) or each.isspace() or _OPTIONAL.match(each) or unicodedata.category(each) in ("Pd", "Pc"):
            continue
        inside = 0 < at < len(plain) - 1 and is_part(plain[at - 1]) and is_part(plain[at + 1])
        if unicodedata.category(each) in ("Ps", "Pe", "Pi", "Pf") or each in _SENTENCE:
            if inside:
                return each
            continue
        return each
    return None


def words(text: str) -> list[str]:
    """The normalised words of a text, with numerals still as digits."""
    # Apostrophes first: NFKC would turn `´` into a space with an accent.
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    plain = _OPTIONAL.sub("", plain).casefold().replace(_DOT_ABOVE, "i")
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFC", plain))
    if not plain.isascii():
        plain = _HAN.sub(r" \1 ", plain)
    return [word for raw in _split(plain) if (word := raw.strip("'"))]


def _split(plain: str) -> list[str]:
    if plain.isascii():
        return re.split(r"[^a-z0-9']+", plain)
    return "".join(each if is_part(each) else " " for each in plain).split()


def is_part(character: str) -> bool:
    """Whether a character belongs to a word: letters, marks, numbers, the apostrophe."""
    return character == "'" or unicodedata.category(character)[0] in "LMN"


@lru_cache(maxsize=HEARD_WORDS)
def heard(word: str) -> tuple[str, ...]:
    """The normalised words of one recognised word: nearly always one, none for a bare punctuation mark. `[unk]` stays."""
    if word == UNKNOWN or word.startswith("<"):
        return (UNKNOWN,)
    return tuple(part for plain in words(word) for part in _said(plain))


def _said(word: str) -> list[str]:
    numeral = numerals.parse(word)
    return numeral.likely() if numeral is not None else [word]


def readings(phrase: str) -> tuple[str, ...]:
    """All ways to say a phrase of a rule, normalised, with single spaces between words; empty when it has no word.

    First those in which all numerals are said alike, then mixed ones.
    """
    spellings = [words(phrase)]
    if "I" in phrase and _DOTLESS & set(phrase):
        spellings.insert(0, words(phrase.replace("I", "ı")))
    ways = dict.fromkeys(form for spelling in spellings for way in _ways(spelling) for form in contractions.forms(way))
    return tuple(islice(ways, MAX_READINGS))


def _ways(spelling: list[str]) -> list[str]:
    if not spelling:
        return []
    found = [numerals.parse(word) for word in spelling]
    if not any(numeral is not None for numeral in found):
        return [" ".join(spelling)]
    parts = [[[word]] if numeral is None else numeral.ways() for word, numeral in zip(spelling, found, strict=True)]
    longest = max(map(len, parts))
    alike = [[part[min(at, len(part) - 1)] for part in parts] for at in range(longest)]
    if all(numeral is not None for numeral in found) and len(spelling) > 1:
        digits = numerals.parse("".join(spelling))
        alike += [[way] for way in digits.by_digits()] if digits is not None else []
    mixed = islice(product(*parts), 4 * MAX_READINGS)
    return [" ".join(word for part in way for word in part) for way in (*alike, *mixed)]
