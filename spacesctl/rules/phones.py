"""What English words sound like, roughly: by rules of spelling, for phrases that a recogniser writes with other words.

It is no pronunciation: there is no dictionary, and English is not spelled by rules. Each sound is one letter of a class (`T`: t and d, `K`:
k and g, `P`, `F`, `S` with z, `X`: sh, ch and j, `Q`: th, `M N L R W Y H`), and all vowels are `A`, since spelling hardly tells them apart.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LEAST: Final = 5
"""Sounds of a phrase: shorter ones sound like something else that everybody says."""
_CACHED: Final = 65_536

_VOWEL: Final = "[aeiouy]"
_AFTER: Final = "(?:(?<=[aeiouy][^aeiouy])|(?<=[aeiouy][^aeiouy]{2})|(?<=[aeiouy][^aeiouy]{3}))"
"""After one to three consonants that stand after a vowel: there an `e` at the end is silent."""
_SOUNDS: Final = (
    # endings
    (r"ssion|[ts]ion", "XAN"),
    (r"[ct]ious", "XAS"),
    (r"[ct]ial", "XAL"),
    (r"[ts]ure(?=s?$)", "XAR"),
    (r"(?<=[bcdfgkpstz])le(?=s?$)", "AL"),
    (r"(?<=[td])ed$", "AT"),
    (_AFTER + r"ed$", "T"),
    (_AFTER + r"(?<![sxz])(?<![cs]h)(?<![cg])es$", "S"),
    (_AFTER + r"e$", ""),
    # silent letters
    (r"^[kgp]n", "N"),
    (r"^wr", "R"),
    (r"^ps|^x", "S"),
    (r"ould", "AT"),
    (r"[ao]lk", "AK"),
    (r"alf$", "AF"),
    (r"mb$", "M"),
    (r"[aeiou]+gh(?=t|$)", "A"),
    (r"gh", "K"),
    # consonants of more than one letter, and those that depend on what follows
    (r"sch", "SK"),
    (r"tch|ch|sh|dg(?=[ei])", "X"),
    (r"ph|ff?|vv?", "F"),
    (r"th", "Q"),
    (r"wh", "W"),
    (r"c?qu", "KW"),
    (r"sc(?=[eiy])", "S"),
    (r"cc(?=[eiy])|xx?", "KS"),
    (r"ng(?=s?$)", "N"),
    (r"^g(?=et)|g(?=iv|ift|irl|ear)|gg|ckk?|kk?", "K"),
    (r"c(?=[eiy])|ss?|zz?", "S"),
    (r"g(?=[eiy])|jj?", "X"),
    (r"cc?|g|q", "K"),
    (r"bb?|pp?", "P"),
    (r"dd?|tt?", "T"),
    (r"mm?", "M"),
    (r"nn?", "N"),
    (r"ll?", "L"),
    (r"rr?", "R"),
    # vowels and what is half of one
    (r"^y", "Y"),
    (rf"[aeo]w(?!{_VOWEL})", "A"),
    (r"w", "W"),
    (r"eau|ieu|a[iuy]|e[aeiuy]|ie|o[aeiouy]|u[ei]", "A"),
    (rf"h(?={_VOWEL})", "H"),
    (r"h", ""),
    (_VOWEL, "A"),
)
_SOUND: Final = re.compile("|".join(f"({spelling})" for spelling, _ in _SOUNDS))


@lru_cache(maxsize=_CACHED)
def of_word(word: str) -> str:
    """The sounds of a normalised word, a letter for each; empty for a word with letters that English has not."""
    plain = word.replace("'", "")
    return _SOUND.sub(_sound, plain) if plain.isascii() and plain.isalpha() else ""


def of_words(words: str) -> str:
    """The sounds of normalised words with spaces between."""
    return "".join(map(of_word, words.split()))


def merged(sounds: str) -> str:
    """The same with what is twice in a row once: nobody hears where one word ends and the next begins."""
    return re.sub(r"(.)\1+", r"\1", sounds)


def apart(one: str, other: str) -> int:
    """0: the merged sounds are the same; 1: but for one that is another, missing or added; 2: they are not alike."""
    if one == other:
        return 0
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return 2
    at = next((n for n, each in enumerate(shorter) if each != longer[n]), len(shorter))
    rest = shorter[at + 1 :] if len(shorter) == len(longer) else shorter[at:]
    return 1 if rest == longer[at + 1 :] else 2


def with_one_less(sounds: str) -> set[str]:
    """The sounds, and what is left without one of them. Whatever is at most one `apart` has one of these in common."""
    return {sounds, *(sounds[:at] + sounds[at + 1 :] for at in range(len(sounds)))}


def _sound(found: re.Match[str]) -> str:
    return _SOUNDS[(found.lastindex or 1) - 1][1]
