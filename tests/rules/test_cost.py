"""Rules that take too long for an utterance are refused, by trying them."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from spacesctl.compiling.messages import Compile, Compiled, Rejected
from spacesctl.compiling.worker import _answer
from spacesctl.rules import cost
from spacesctl.rules.rule_engine import MOST_TIMES, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from tests.rules.test_rulefile import HEAD, rule


def same_word(rules: int) -> str:
    return HEAD + "".join(
        f"[[rule]]\nid = 'r{n}'\nactions = ['log']\nwhen.any = [{{ words = ['a'] }}]\n" for n in range(rules)
    )


def nasty_but_fast() -> str:
    """Phrases that begin alike, regexes that keep ways open, forms and gaps."""
    phrases = [f"you are {'so ' * (n % 12)}w{n}" for n in range(2000)]
    regexes = ", ".join(f"{{ regex = '(you|w{n}) (\\w+ )?x{n}s?' }}" for n in range(100))
    return rule(when__any=f"[{{ words = {phrases}, gap = 2 }}, {regexes}, {{ prefix = 'you' }}]")


def test_rules_that_all_look_for_the_same_word_are_refused_with_the_limit() -> None:
    answer = _answer(Compile(same_word(2000), "my.toml"))
    assert isinstance(answer, Rejected)
    (told,) = answer.problems
    assert told.startswith("my.toml:1: error: the rules take ")
    assert "the most is 5 ms" in told


def test_rules_that_people_would_write_on_one_word_are_accepted() -> None:
    assert isinstance(_answer(Compile(same_word(30), "my.toml")), Compiled)


def test_a_word_that_is_said_over_and_over_is_decided_on_ten_times() -> None:
    ruleset = compile_rules(same_word(3))
    said = next(cost.utterances(ruleset))
    found = RuleEngine(ruleset).hear(said)
    assert len(said.words) == cost.WORDS
    assert Counter(one.rule_id for one in found) == {"r0": MOST_TIMES, "r1": MOST_TIMES, "r2": MOST_TIMES}


def test_the_garbage_of_others_is_not_counted() -> None:
    def clock() -> float:
        assert not gc.isenabled()
        return 0.0

    assert cost.refusal(compile_rules(same_word(3)), clock) is None
    assert gc.isenabled()


def test_a_nasty_file_that_is_fast_enough_is_accepted() -> None:
    assert isinstance(_answer(Compile(nasty_but_fast(), "my.toml")), Compiled)


def ticking(*taken: float, then: float = 0.0) -> Callable[[], float]:
    """A clock by which the utterances take so many seconds, one after the other."""

    def times() -> Iterator[float]:
        now = 0.0
        for each in chain(taken, repeat(then)):
            yield now
            now += each
            yield now

    return times().__next__


EVERY = cost.UTTERANCES
LATE = 0.006


@pytest.mark.parametrize(
    ("taken", "then", "refused"),
    [
        ([], 0.0049, False),
        ([], LATE, True),
        ([LATE, LATE], 0.001, False),
        ([LATE, LATE, LATE], 0.001, False),
        ([LATE] * 6, 0.001, False),
        ([LATE] * 9, 0.001, True),
        ([1.0], 0.001, True),
    ],
    ids=["at the limit", "above it", "one in a hundred", "slow once", "slow twice", "slow thrice", "far above it"],
)
def test_one_utterance_in_a_hundred_may_be_slow_and_each_file_has_three_tries(
    taken: list[float], then: float, refused: bool
) -> None:
    found = cost.refusal(compile_rules(rule()), ticking(*taken, then=then))
    assert (found is not None) is refused


def test_the_utterances_are_always_the_same_and_have_the_words_of_the_rules() -> None:
    text = rule(when__any="[{ words = ['alpha beta'] }, { prefix = 'gam' }, { regex = 'delta\\\\w+' }]")
    once, again = (list(cost.utterances(compile_rules(text))) for _ in range(2))
    assert once == again
    assert len(once) == cost.UTTERANCES
    said = {word.w for each in once for word in each.words}
    assert {"alpha", "beta", "gam", "delta"} <= said
    assert all(len(each.words) <= cost.WORDS for each in once)
    assert [word.w for word in once[0].words] in (["gam"] * cost.WORDS, ["alpha", "beta"] * (cost.WORDS // 2))


@pytest.mark.parametrize("text", [HEAD, rule(when__any="[]"), rule(when__any="[{ digits = { run = 6 } }]")])
def test_rules_without_words_are_tried_on_noise(text: str) -> None:
    assert cost.refusal(compile_rules(text), ticking()) is None
