"""How numerals are said in English: as a number, as a year, in pairs, digit by digit, as an ordinal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_NUMERAL: Final = re.compile(r"(\d+)(st|nd|rd|th)?")
LONGEST_NUMBER: Final = 9
"""Digits of the longest numeral that is said as a number."""
LONGEST_AMOUNT: Final = 4
"""Digits of the longest numeral on two zeros that is an amount rather than a number: 2400, not 123400."""

Way = list[str]


@dataclass(frozen=True)
class Numeral:
    """A numeral of a rule, or one that a recogniser wrote."""

    digits: str
    is_ordinal: bool = False

    def ways(self) -> list[Way]:
        """All ways to say it: as a number, with `and`, digit by digit, with `oh` for zero, as a year, in pairs."""
        number = self._number()
        if self.is_ordinal:
            ways = [] if number is None else [ordinal(_cardinal(number)), ordinal(_cardinal(number, ["and"]))]
        else:
            cardinal = [] if number is None else [_cardinal(number), _cardinal(number, ["and"])]
            ways = [*cardinal, *self.by_digits(), *_years(self.digits), *_pairs(self.digits)]
        return [list(way) for way in dict.fromkeys(map(tuple, ways))]

    def by_digits(self) -> list[Way]:
        """Digit by digit, with `zero` and with `oh`."""
        plain = [_ONES[int(digit)] for digit in self.digits]
        return [plain, ["oh" if word == "zero" else word for word in plain]]

    def likely(self) -> Way:
        """How a numeral that a recogniser wrote was most likely said. The ways of the same numeral in a rule always include it."""
        long = len(self.digits) > LONGEST_AMOUNT and not self.digits.endswith("000")
        if self.is_ordinal or len(self.digits) <= 2 or (self.digits.endswith("00") and not long):
            return self.ways()[0]
        return self.by_digits()[0]

    def _number(self) -> int | None:
        sayable = len(self.digits) <= LONGEST_NUMBER and (self.digits == "0" or not self.digits.startswith("0"))
        return int(self.digits) if sayable else None


def parse(word: str) -> Numeral | None:
    """The numeral that a normalised word is, such as `1984` or `23rd`; None for another word."""
    found = _NUMERAL.fullmatch(word) if word.isascii() else None
    if found is None:
        return None
    numeral = Numeral(found[1], found[2] is not None)
    return numeral if numeral.ways() else None


def ordinal(cardinal: Way) -> Way:
    """`twenty three` -> `twenty third`."""
    last = cardinal[-1]
    made = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return [*cardinal[:-1], made]


def _years(digits: str) -> list[Way]:
    """1984: `nineteen eighty four`; 1905: `nineteen oh five`; 1900: `nineteen hundred`."""
    if len(digits) != 4 or digits[0] == "0":
        return []
    century, rest = int(digits[:2]), int(digits[2:])
    if rest == 0:
        return [[*_cardinal(century), "hundred"]] if century % 10 else []
    if rest < 10:
        return [[*_cardinal(century), "oh", _ONES[rest]]]
    return [[*_cardinal(century), *_cardinal(rest)]]


def _pairs(digits: str) -> list[Way]:
    """In twos; a zero in front is `oh`, and of an odd number of digits the first is alone."""
    if len(digits) < 3:
        return []
    odd = len(digits) % 2
    way = _cardinal(int(digits[0])) if odd else []
    for at in range(odd, len(digits), 2):
        pair = digits[at : at + 2]
        if len(pair) == 2 and pair[0] == "0":
            way += ["oh", "oh" if pair[1] == "0" else _ONES[int(pair[1])]]
        else:
            way += _cardinal(int(pair))
    return [way]


def _cardinal(number: int, link: Way | None = None) -> Way:
    for size, name in _SCALES:
        if number >= size:
            rest = number % size
            glue = link or [] if rest and rest < 100 else []
            return [*_cardinal(number // size, link), name, *glue, *(_cardinal(rest, link) if rest else [])]
    if number < 20:
        return [_ONES[number]]
    return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]
