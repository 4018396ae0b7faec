"""Finds spoken numbers in words: card numbers, accounts, telephone numbers, said digit by digit, in pairs or with `double`. English.

A number is a run of groups. A group is one digit (`four`), a pair (`forty seven`), `double four`, or a cardinal (`four hundred and
twelve`). Groups follow one another with at most two fillers between. Recognisers mishear: between single digits one foreign word does
not end a run, and `to` or `for` there is a digit. A cardinal with `thousand` or more is an amount and in no number, nor is one alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MAX_BETWEEN: Final = 4
"""Fillers between two groups. In a number that is long enough one word of two may be any word: something was misheard."""
LINKED: Final = 4
"""Digits after which `and` stands between two groups of one number: `four seven two nine and one one eight five`."""
SURE: Final = 3
"""Digits after which a single foreign word between two single digits is one that was misheard."""
AFTER_WORDS: Final = 4
"""Words that may stand between the words that a shape names and the number: `my order number is um`."""

_ONES: Final = {
    word: str(value)
    for value, words in enumerate((
        ("zero", "oh", "o", "nought", "naught", "nil"), ("one",), ("two",), ("three",), ("four",), ("five",), ("six",),
        ("seven",), ("eight",), ("nine",),
    ))
    for word in words
}  # fmt: skip
_TEENS: Final = {
    word: str(value)
    for value, word in enumerate(
        ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        10,
    )
}
_TENS: Final = {
    word: value
    for value, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_HOW_MANY: Final = {"two": 2, "three": 3, "four": 4, "five": 5}
_PLURALS: Final = {
    "zeros": "0", "zeroes": "0", "ohs": "0", "ones": "1", "twos": "2", "threes": "3", "fours": "4", "fives": "5", "sixes": "6",
    "sevens": "7", "eights": "8", "nines": "9",
}  # fmt: skip
"""`three sevens`."""
_SCALES: Final = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ALIKE: Final = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1", "no": "0"}
"""Words that sound like a digit."""
_FILLERS: Final = frozenset({
    "um", "uh", "er", "erm", "eh", "ah", "hm", "hmm", "mm", "mhm", "okay", "ok", "so", "then", "well", "right", "like", "yes", "yeah",
    "dash", "hyphen", "minus", "point", "dot", "comma", "slash", "stroke", "space", "[unk]",
})  # fmt: skip
_SEPARATORS: Final = frozenset(("and", "or", "plus", "times", "until", "till", "from"))
"""Between two short numbers, never inside one."""
_LETTERS: Final = frozenset("bcdefghjklmnpqrstuvwxyz")


@dataclass(frozen=True)
class Shape:
    """A kind of number that may be heard: of `length` digits (0: any), with a `prefix`, said `after` words (normalised, with single
    spaces); what is empty does not matter. With `after` the words tell already: `length` is then the most, as a recogniser loses digits."""

    length: int = 0
    prefix: str = ""
    after: str = ""

    def fits(self, digits: str, before: Sequence[str], *, closed: bool) -> bool:
        """Whether a number after the words `before` is of this kind; if it is not `closed`, whether it may still become one."""
        if self.after and not self._follows(before):
            return False
        known = digits[: len(self.prefix)]
        if not self.prefix.startswith(known) or (closed and known != self.prefix):
            return False
        return not self.length or (
            len(digits) == self.length if closed and not self.after else len(digits) <= self.length
        )

    def _follows(self, before: Sequence[str]) -> bool:
        near = before[-(len(self.after.split()) + AFTER_WORDS) :]
        return f" {self.after} " in f" {' '.join(near)} "


@dataclass(frozen=True)
class Digits:
    """The condition `digits`: a number of at least `run` digits that is of no shape in `allow`."""

    run: int = 6
    allow: tuple[Shape, ...] = ()
    line: int = 0

    def matches(self, found: SpokenNumber, words: Sequence[str], *, closed: bool) -> bool:
        """Whether a number in `words` is meant. One that may still become an allowed one is not yet, unless it is `closed`: nothing
        follows."""
        if len(found.digits) < self.run or not found.said_in_parts:
            return False
        closed = closed or not found.is_open(words, self.run)
        before = words[: found.first]
        return not any(shape.fits(found.digits, before, closed=closed) for shape in self.allow)


@dataclass(frozen=True)
class SpokenNumber:
    """A number in the words `first` to `last`, both included. An amount (`two thousand`) is not said in parts."""

    first: int
    last: int
    digits: str
    said_in_parts: bool = True
    single: bool = True
    """Its last group is one digit."""
    amount: bool = False

    def is_open(self, words: Sequence[str], run: int = 6) -> bool:
        """Whether it may go on after the last of these words."""
        after = words[self.last + 1 :]
        begun = list(after[:-1]) if after and after[-1] in _TIMES else after  # `double` is the beginning of a group
        return not self.amount and _may_join(self.digits, self.single, begun, run)

    def label(self, words: Sequence[str]) -> str:
        """What it may be, by its length and check digits: `card number`, `IBAN` or `9 digits`. It tells no digit."""
        if is_iban("".join(words[max(0, self.first - 2) : self.first]), self.digits):
            return "IBAN"
        return "card number" if is_card(self.digits) else f"{len(self.digits)} digits"


def is_card(digits: str) -> bool:
    """Whether it has the length and the check digit (Luhn, ISO/IEC 7812-1) of a payment card."""
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(country: str, digits: str) -> bool:
    """Whether two letters and digits are an IBAN without further letters: 15 to 34 characters, ISO 7064 mod 97."""
    if len(country) != 2 or not (country.isascii() and country.isalpha()) or not 13 <= len(digits) <= 32:
        return False
    return int(digits[2:] + "".join(str(int(letter, 36)) for letter in country) + digits[:2]) % 97 == 1


@dataclass
class _Group:
    """Words that stand for digits. `single`: one digit; `amount`: with `thousand` or more."""

    first: int
    last: int
    digits: str
    single: bool = False
    amount: bool = False


def find(words: Sequence[str], run: int = 6) -> list[SpokenNumber]:
    """The numbers in normalised words, short ones too, in order. Those with `run` digits go on over two foreign words."""
    found: list[SpokenNumber] = []
    for group in _groups(words):
        between = words[found[-1].last + 1 : group.first] if found else ()
        amount = group.amount or (found and found[-1].amount)
        if found and not amount and _may_join(found[-1].digits, found[-1].single and group.single, between, run):
            digits = found[-1].digits + "".join(_ALIKE.get(word, "") for word in between) + group.digits
            found[-1] = SpokenNumber(found[-1].first, group.last, digits, said_in_parts=True, single=group.single)
        else:
            found.append(SpokenNumber(group.first, group.last, group.digits, False, group.single, group.amount))
    return found


def _may_join(digits: str, singles: bool, between: Sequence[str], run: int) -> bool:
    """Whether a number goes on after the words `between`. `singles`: there is a single digit on both sides of them."""
    said = [word for word in between if word not in _FILLERS and word not in _LETTERS]
    if not said or len(between) > MAX_BETWEEN:
        return len(between) <= MAX_BETWEEN
    if said == ["a"] or said == ["and"]:
        return singles and (said == ["a"] or len(digits) >= LINKED)
    if len(between) <= 2 and len(digits) >= run:
        return len([word for word in said if word not in _ALIKE]) <= 1
    return len(between) == 1 and singles and len(digits) >= SURE and said[0] not in _SEPARATORS


def _groups(words: Sequence[str]) -> Iterator[_Group]:
    at = 0
    while at < len(words):
        group = _repeated(words, at) or _cardinal(words, at)
        if group is None:
            at += 1
        else:
            yield group
            at = group.last + 1


def _repeated(words: Sequence[str], at: int) -> _Group | None:
    """`double four`, `three sevens`."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if (count := _HOW_MANY.get(words[at])) is not None and (digit := _PLURALS.get(following)) is not None:
        return _Group(at, at + 1, digit * count)
    times, digit = _TIMES.get(words[at]), _ONES.get(following)
    return _Group(at, at + 1, digit * times) if times is not None and digit is not None else None


def _cardinal(words: Sequence[str], at: int) -> _Group | None:
    """The longest group that begins at a word: a digit, a pair, or these with `hundred`, `thousand` and so on."""
    below = _below_thousand(words, at)
    if below is None:
        return None
    last, digits = below
    total, scaled, smallest = 0, False, 10**12
    while last + 1 < len(words) and (scale := _SCALES.get(words[last + 1], smallest)) < smallest:
        total, smallest, scaled, last = total + int(digits) * scale, scale, True, last + 1
        digits, after = "0", last + 1 + (words[last + 1 : last + 2] == ["and"])
        if (more := _below_thousand(words, after)) is not None and len(more[1]) <= 3:
            last, digits = more
    if scaled:
        digits = str(total + int(digits))
    return _Group(at, last, digits, len(digits) == 1, scaled)


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, str] | None:
    """The last word and the digits of a digit, a pair, or one of these with `hundred` (and what it counts up to)."""
    pair = _pair(words, at)
    if pair is None:
        return None
    last, digits = pair
    if words[last + 1 : last + 2] != ["hundred"]:
        return pair
    last += 1
    rest = _pair(words, last + 1 + (words[last + 1 : last + 2] == ["and"]))
    return (rest[0], digits + rest[1].zfill(2)) if rest is not None else (last, digits + "00")


def _pair(words: Sequence[str], at: int) -> tuple[int, str] | None:
    """The last word and the digits of `seven`, `seventeen`, `seventy` or `seventy seven`."""
    word = words[at] if at < len(words) else ""
    if (tens := _TENS.get(word)) is not None:
        ones = _ONES.get(words[at + 1], "0") if at + 1 < len(words) else "0"
        return (at + 1, f"{tens}{ones}") if ones != "0" else (at, f"{tens}0")
    digits = _ONES.get(word) or _TEENS.get(word)
    return (at, digits) if digits is not None else None
