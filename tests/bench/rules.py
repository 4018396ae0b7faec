"""`python -m tests.bench.rules`: words a second that the rule engine hears with 10 and with 10,000 phrases, beside 500 regexes.

The spoken words are English text, the documentation of Python; the phrases are one to three words of it that it never says together.
"""

from __future__ import annotations

import random
import re
import statistics
import sys
import time
from pydoc_data.topics import topics
from typing import Final

from spacesctl.rules.rule_engine import HeardUtterance, RuleEngine, Word
from spacesctl.rules.rulefile import compile_rules
from spacesctl.support.terminal import write_line

SPOKEN: Final = 48_000
LENGTH: Final = 12
"""Words of an utterance."""
ROUNDS: Final = 9


def words() -> list[str]:
    """The text, word by word."""
    return re.findall(r"[a-z]+", " ".join(topics.values()).lower())


def engine(text: list[str], phrases: int, seed: int = 45) -> RuleEngine:
    """Rules with so many phrases and 500 regexes. Words that are said are in them, but hardly a whole phrase."""
    draw = random.Random(seed)
    vocabulary = sorted(set(text))
    made = dict.fromkeys(" ".join(draw.choices(vocabulary, k=draw.choice((2, 2, 3)))) for _ in range(phrases))
    alone = [
        word + draw.choice(("ism", "ette", "oid")) for word in draw.sample(vocabulary, min(phrases, len(vocabulary)))
    ]
    chosen = [*alone[: phrases // 2], *made][:phrases]
    draw = random.Random(seed + 1)  # the same regexes beside few phrases and beside many
    regexes = [f"{draw.choice(vocabulary)} (one|two)? ?{draw.choice(vocabulary)}(s|ing)?" for _ in range(500)]
    rules = [
        f"[[rule]]\nid = 'w{n}'\nactions = ['log']\nwhen.any = [{{ words = {chosen[n : n + 100]} }}]\n"
        for n in range(0, phrases, 100)
    ]
    any_of = ", ".join(f"{{ regex = '{each}' }}" for each in regexes)
    rules.append(f"[[rule]]\nid = 'p'\nactions = ['log']\nwhen.any = [{any_of}]\n")
    return RuleEngine(compile_rules("schema = 1\n" + "".join(rules)))


def utterances(text: list[str]) -> list[HeardUtterance]:
    """Utterances of `LENGTH` words that follow on one another."""
    found = []
    for at in range(0, SPOKEN, LENGTH):
        said = tuple(Word(w, n / 2, n / 2, 0.9, n * 25, n * 25 + 20) for n, w in enumerate(text[at : at + LENGTH], at))
        found.append(HeardUtterance(1, "a", "speaker", "person", said, True, at))
    return found


def speed(rules: RuleEngine, said: list[HeardUtterance]) -> tuple[float, float]:
    """Words a second of processor time, and the seconds that 99 of 100 utterances take at most."""
    taken = []
    for each in said:
        began = time.process_time()
        rules.hear(each)
        taken.append(time.process_time() - began)
    return SPOKEN / sum(taken), sorted(taken)[99 * len(taken) // 100]


def main() -> int:
    """Print the medians of some rounds, each with both; the exit code."""
    text = words()
    said = utterances(text)
    rounds = [[speed(engine(text, phrases), said) for phrases in (10, 10_000)] for _ in range(ROUNDS)]
    for at, phrases in enumerate((10, 10_000)):
        rate = statistics.median(each[at][0] for each in rounds)
        late = statistics.median(each[at][1] for each in rounds)
        write_line(f"{phrases} phrases and 500 regexes: {rate:,.0f} words/s, p99 of an utterance {1000 * late:.3f} ms")
    write_line(f"ratio: {statistics.median(few[0] / many[0] for few, many in rounds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
