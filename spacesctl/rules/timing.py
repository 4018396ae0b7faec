"""Whether phrases that are redacted are known before a delayed audience hears them."""

from __future__ import annotations

from collections.abc import Iterator

from spacesctl.rules.problems import Problem
from spacesctl.rules.ruleset import Phrase, RuleSet

PER_LETTER = 0.1
"""Seconds that a letter takes to say: 19 of 20 phrases of the shipped voices are shorter."""
ROUND_TRIP = 0.2
"""Seconds for all that is not the recogniser: packets, a step of 100 ms, the call that redacts."""


def spoken_seconds(phrase: Phrase) -> float:
    """About how long a phrase takes to say, in the longest way to say it."""
    return max(PER_LETTER * len(reading.replace(" ", "")) for reading in phrase.readings)


def left(phrase: Phrase, lag: float, delay: float) -> float:
    """Seconds between the redaction of a phrase and the airing of its beginning; negative: so much of it has aired. `lag`: from the end
    of a word until it is recognised."""
    return delay - spoken_seconds(phrase) - lag - ROUND_TRIP


def too_late(ruleset: RuleSet, lag: float, delay: float) -> Iterator[Problem]:
    """A warning for each phrase of a rule that redacts whose beginning will have aired."""
    for rule in ruleset.rules:
        for phrase in rule.literals if "redact" in rule.actions else ():
            rest = left(phrase, lag, delay)
            if rest < 0:
                message = f"the phrase {phrase.text!r} takes about {spoken_seconds(phrase):.1f} s to say"
                message += f" and is recognised {lag:.1f} s later: with a delay of {delay:g} s its first {-rest:.1f} s have aired"
                todo = "redact a shorter part of it, or give the Space a longer delay"
                yield Problem(phrase.line, message, todo, ruleset.filename, "warning")


def explained(ruleset: RuleSet, lag: float, delay: float) -> list[str]:
    """A line about the slowest phrase that is redacted, for `rules check`; none without one."""
    phrases = [phrase for rule in ruleset.rules if "redact" in rule.actions for phrase in rule.literals]
    if not phrases:
        return []
    slowest = max(phrases, key=spoken_seconds)
    rest = left(slowest, lag, delay)
    fits = f"{rest:.1f} s before it airs" if rest >= 0 else "too late"
    return [f"With a delay of {delay:g} s the longest phrase to redact, {slowest.text!r}, is redacted {fits}."]
