"""Whether what is redacted is known before a delayed audience hears it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spacesctl.rules.numbers import Digits
from spacesctl.rules.problems import Problem
from spacesctl.rules.ruleset import Phrase, Rule, RuleSet
from spacesctl.rules.vocabulary import Vocabulary

PER_LETTER = 0.1
"""Seconds that a letter takes to say: 19 of 20 phrases of the shipped voices are shorter."""
PER_DIGIT = 0.48
"""Seconds that a digit takes: card numbers of 16 are said in 5.9 to 7.7 s, with the pauses between their groups."""
ROUND_TRIP = 0.2
"""Seconds for all that is not the recogniser: packets, a step of 100 ms, the call that redacts."""
SHORTER = "redact a shorter part of it, or give the Space a longer delay"
SOONER = "give the Space a longer delay, or the rule a smaller `run`"
"""A part of a number is not a thing that a rule can name."""


@dataclass(frozen=True)
class Wanted:
    """Something to redact: what it is, and the seconds from its beginning until so much of it is said that it is known."""

    name: str
    seconds: float
    line: int
    todo: str
    """What helps when it is known too late."""


def spoken_seconds(phrase: Phrase) -> float:
    """About how long a phrase takes to say, in the longest way to say it."""
    return max(PER_LETTER * len(reading.replace(" ", "")) for reading in phrase.readings)


def armed_at(digits: Digits) -> int:
    """The digit at which a number that begins like an allowed one is known to be another."""
    lengths = [shape.length + 1 for shape in digits.allow if shape.length and not shape.prefix and not shape.after]
    return max([digits.run, *lengths])


def wanted(rule: Rule, known: Vocabulary | None = None) -> Iterator[Wanted]:
    """What a rule redacts, if it does; no phrase that can never be heard by a model of which these words are `known`."""
    if "redact" in rule.actions:
        for phrase in rule.literals:
            if known is None or not known.missing(phrase.readings):
                yield Wanted(f"the phrase {phrase.text!r}", spoken_seconds(phrase), phrase.line, SHORTER)
        for digits in rule.digits:
            at = armed_at(digits)
            yield Wanted(f"a number, which is known as one at its digit {at},", PER_DIGIT * at, digits.line, SOONER)


def left(one: Wanted, lag: float, delay: float) -> float:
    """Seconds between the redaction and the airing of its beginning; negative: so much of it has aired. `lag`: from the end of a word
    until it is recognised."""
    return delay - one.seconds - lag - ROUND_TRIP


def too_late(ruleset: RuleSet, lag: float, delay: float, known: Vocabulary | None = None) -> Iterator[Problem]:
    """A warning for each phrase or number of a rule that redacts whose beginning will have aired. `known`: the words of the model."""
    for rule in ruleset.rules:
        if delay == 0 and rule.digits and "redact" in rule.actions:
            message = f"rule {rule.id!r}: without a delay the sound of numbers is not protected, only texts, recordings and evidence are"
            yield Problem(
                rule.line, message, "give the Space a delay: `edit SPACE --delay 4s`", ruleset.filename, "warning"
            )
            continue
        for one in wanted(rule, known):
            rest = left(one, lag, delay)
            if rest < 0:
                message = f"{one.name} takes about {one.seconds:.1f} s to say and is recognised {lag:.1f} s later: "
                message += f"with a delay of {delay:g} s its first {min(-rest, one.seconds):.1f} s have aired"
                yield Problem(one.line, message, one.todo, ruleset.filename, "warning")


def explained(ruleset: RuleSet, lag: float, delay: float, known: Vocabulary | None = None) -> list[str]:
    """A line about what is known last of all that is redacted, for `rules check`; none if nothing is."""
    all_wanted = [one for rule in ruleset.rules for one in wanted(rule, known)]
    if not all_wanted:
        return []
    slowest = max(all_wanted, key=lambda one: one.seconds)
    rest = left(slowest, lag, delay)
    fits = f"{rest:.1f} s before it airs" if rest >= 0 else "too late"
    return [f"With a delay of {delay:g} s what takes longest, {slowest.name.rstrip(',')}, is redacted {fits}."]
