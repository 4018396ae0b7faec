"""How long rules take for one utterance, tried on utterances of the words that the rules themselves look for.

Files differ by a factor of thousands here: rules that all look for the same word, and regexes that keep many ways open. What is too slow is
refused when it is compiled, since a bot has all lanes of a Space on one core.
"""

from __future__ import annotations

import gc
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.rules.problems import Problem
from spacesctl.rules.rule_engine import HeardUtterance, RuleEngine, Word
from spacesctl.rules.ruleset import RuleSet

MOST_SECONDS: Final = 0.005
"""Processor time for one utterance, of 99 in 100."""
CLEARLY: Final = 10 * MOST_SECONDS
"""More than that is no chance: there is no second look."""
UTTERANCES: Final = 200
SLOW: Final = UTTERANCES // 100
"""Utterances that may take longer."""
TRIES: Final = 3
"""A file is refused when it is slow each time: another process may have had the caches."""
WORDS: Final = 30
"""Words of an utterance: as many as are said in the 8 s after which one is cut."""
_LETTERS: Final = re.compile(r"(?<!\\)[^\W\d_]{2,}")


def refusal(ruleset: RuleSet, clock: Callable[[], float] = time.thread_time) -> Problem | None:
    """The problem of rules that take too long; None of others. `clock` is in seconds of processor time."""
    slow = 0.0
    for _ in range(TRIES):
        found = _slow(ruleset, clock)
        if found is None:
            return None
        slow = found
        if slow > CLEARLY:
            break
    return Problem(
        1,
        f"the rules take {1000 * slow:.0f} ms for an utterance of their own words, the most is {1000 * MOST_SECONDS:.0f} ms",
        "let fewer rules look for the same words, and use simpler regexes",
        ruleset.filename,
    )


def _slow(ruleset: RuleSet, clock: Callable[[], float]) -> float | None:
    """The seconds that an utterance takes when more than `SLOW` take too long; None when they do not."""
    engine, slow = RuleEngine(ruleset), list[float]()
    with _without_collections():
        for said in utterances(ruleset):
            began = clock()
            engine.hear(said)
            taken = clock() - began
            if taken > MOST_SECONDS:
                slow.append(taken)
                if len(slow) > SLOW or taken > CLEARLY:
                    return min(slow)
    return None


@contextmanager
def _without_collections() -> Iterator[None]:
    """Garbage of all that this process has is not what the rules cost, and takes longer than they may."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def utterances(ruleset: RuleSet) -> Iterator[HeardUtterance]:
    """Utterances of what the rules look for, always the same ones: first of one phrase that is said again and again, the shortest first,
    then of everything mixed, with words that nobody says."""
    draw = random.Random(45)
    spellings = [
        each for rule in ruleset.rules for phrase in (*rule.literals, *rule.sounds) for each in phrase.readings
    ]
    starts = [prefix.start for rule in ruleset.rules for prefix in rule.prefixes]
    patterns = [" ".join(_LETTERS.findall(each.text)) for rule in ruleset.rules for each in rule.patterns]
    sources = [each for each in (spellings, starts, patterns) if each]
    again = [each for source in sources for each in sorted(set(source), key=len)[:20]][: UTTERANCES // 2]
    for number in range(UTTERANCES):
        said: list[str] = again[number].split() * WORDS if number < len(again) else []
        while number >= len(again) and len(said) < WORDS:
            said += draw.choice(draw.choice(sources)).split() if sources and draw.random() < 0.7 else [_noise(draw)]
        yield _utterance(said[:WORDS], number)


def _noise(draw: random.Random) -> str:
    return "".join(draw.choice("aeioubdgklmnrst") for _ in range(draw.randint(2, 9)))


def _utterance(said: list[str], number: int) -> HeardUtterance:
    """Its words follow on those of the utterance before."""
    begin = number * WORDS
    words = tuple(
        Word(w, at / TICKS_PER_SECOND, at / TICKS_PER_SECOND, 1.0, at, at) for at, w in enumerate(said, begin)
    )
    return HeardUtterance(1, "", "speaker", "person", words, True, number)
