"""What is said in `bench numbers`: lanes of talk with numbers to redact and others that must be heard, spoken by espeak-ng."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bots.clips.espeak import Voice
from spacesctl.audio.opus import FRAME
from spacesctl.bench.redaction_speech import LEAD, VOICES, Lane, SaidPhrase, SaidWord, Studio, encoded, flagged
from spacesctl.domain.clock import TICKS_PER_SECOND

ALLOW: Final = '{ after = "order number", length = 8 }'
ONES: Final = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS: Final = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

SECRET: Final = ("card, digit by digit", "card, in groups of four", "card, in pairs", "account of 10 digits")
HEARD: Final = ("run under six", "year", "date", "price", "allowed order number")
"""Kinds of numbers: those that are redacted, and those that are not."""
_AROUND: Final = {
    "card, digit by digit": ("my card number is", "thank you"), "card, in groups of four": ("my card number is", "thank you"),
    "card, in pairs": ("the card is", "okay"), "account of 10 digits": ("my account is", "please"),
    "run under six": ("the ticket is", "thank you"), "year": ("it was in", "or so"), "date": ("he left on monday", "i think"),
    "price": ("it costs", "dollars"), "allowed order number": ("my order number is", "thank you"),
}  # fmt: skip
_TALK: Final = (
    "hello everyone and welcome to the live show", "the service is very good", "i like this show and the music",
    "can you repeat the question please", "the agent can help you with your order",
)  # fmt: skip


@dataclass(frozen=True)
class NumberLane:
    """A lane whose phrases are the numbers, `text` their kind. `digits` of each word of the lane: how many it stands for."""

    lane: Lane
    digits: list[int]


Said = list[tuple[str, int]]
"""Words, each with the number of digits that it stands for."""


def lanes(count: int, lane_count: int, seed: int = 1) -> list[NumberLane]:
    """`count` numbers to redact and as many others, said in turns in so many lanes, each with a sentence before it."""
    studio = Studio()
    return [
        _lane(
            studio,
            VOICES[at % len(VOICES)],
            f"s{at}",
            list(_parts(count // lane_count + (at < count % lane_count), random.Random(seed * 1000 + at))),
        )
        for at in range(lane_count)
    ]


def _parts(count: int, choice: random.Random) -> Iterator[tuple[str, Said]]:
    """Kinds and what is said; the kind of mere talk is empty."""
    for number in range(count):
        yield "", [(word, 0) for word in choice.choice(_TALK).split()]
        yield _sentence(SECRET[(number + choice.randrange(2)) % len(SECRET)], choice)
        yield _sentence(HEARD[(number + choice.randrange(2)) % len(HEARD)], choice)
    yield "", [(word, 0) for word in choice.choice(_TALK).split()]


def _sentence(kind: str, choice: random.Random) -> tuple[str, Said]:
    before, after = _AROUND[kind]
    said = _number(kind, choice)
    return kind, [*((word, 0) for word in before.split()), *said, *((word, 0) for word in after.split())]


def _number(kind: str, choice: random.Random) -> Said:
    match kind:
        case "card, in pairs":
            return _paired("".join(choice.choices("0123456789", k=16)))
        case "card, digit by digit":
            return _single(choice.choices("0123456789", k=16))
        case "card, in groups of four":
            return _single(choice.choices("0123456789", k=16), group=4)
        case "account of 10 digits":
            return _single(choice.choices("0123456789", k=10), group=choice.choice((3, 5)))
        case "run under six":
            return _single(choice.choices("123456789", k=choice.randint(3, 5)))
        case "allowed order number":
            return _single(choice.choices("0123456789", k=8), group=4)
        case "year":
            return _paired(choice.choice(("19", "20")) + str(choice.randint(21, 98)))
        case "date":
            return _date(choice)
        case _:
            return _price(choice)


def _date(choice: random.Random) -> Said:
    return [("the", 0), *_paired(str(choice.randint(10, 28))), ("of", 0), ("that", 0), ("month", 0)]


def _price(choice: random.Random) -> Said:
    hundreds, rest = choice.randint(1, 9), choice.randint(21, 98)
    if choice.random() < 0.5:
        return [(ONES[hundreds], 1), ("hundred", 0), ("and", 0), *_paired(str(rest))]
    thousand = [(ONES[choice.randint(1, 9)], 1), ("thousand", 0)]
    return [*thousand, (ONES[hundreds], 1), ("hundred", 0), ("and", 0), *_paired(str(rest))]


def _single(digits: list[str], group: int = 0) -> Said:
    """Digit by digit; a comma, at which the voice pauses, after each group."""
    comma = set(range(group - 1, len(digits) - 1, group)) if group else set()
    return [(ONES[int(digit)] + ("," if at in comma else ""), 1) for at, digit in enumerate(digits)]


def _paired(digits: str) -> Said:
    words: Said = []
    for at in range(0, len(digits), 2):
        tens, ones = int(digits[at]), int(digits[at + 1])
        if tens == 0:
            words += [("oh", 1), (ONES[ones], 1)]
        elif tens == 1:
            words.append((TEENS[ones], 2))
        elif ones == 0:
            words.append((TENS[tens], 2))
        else:
            words += [(TENS[tens], 1), (ONES[ones], 1)]
    return words


def _lane(studio: Studio, voice: Voice, space: str, parts: list[tuple[str, Said]]) -> NumberLane:
    packets = list(encoded(np.zeros(round(LEAD * TICKS_PER_SECOND) * FRAME)))
    words, digits, phrases = list[SaidWord](), list[int](), list[SaidPhrase]()
    for kind, said in parts:
        frames, spoken, _ = studio.say(" ".join(word for word, _ in said), voice)
        at, first = len(packets) / TICKS_PER_SECOND, len(words)
        packets += frames
        words += [SaidWord(one.text, one.start + at, one.end + at) for one in spoken]
        digits += [count for _, count in said]
        assert len(words) == len(digits), "espeak-ng marks every word"
        numbers = [first + n for n, (_, count) in enumerate(said) if count]
        if kind:
            phrases.append(SaidPhrase(kind, numbers[0], numbers[-1]))
    packets += encoded(np.zeros(TICKS_PER_SECOND * FRAME))
    frames_of, heard = flagged(packets)
    return NumberLane(Lane(space, 1, False, frames_of, heard, words, phrases), digits)
