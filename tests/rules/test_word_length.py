"""The length of spoken words as a condition: by table, in the engine, in what is redacted and in trials."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.messages import Armed
from spacesctl.rules.check import explain
from spacesctl.rules.facts import Sign
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.trial import tried
from spacesctl.rules.word_length import WordMs, keep
from tests.bots.test_arming import lane, words
from tests.rules.test_rule_engine import PHRASE, judge, say
from tests.rules.test_rulefile import rule


def lasting(*ms: int) -> list[Word]:
    return [Word("w", at, at + each / 1000, 1.0, 50 * at, 50 * at + each // 20) for at, each in enumerate(ms)]


@pytest.mark.parametrize(
    ("sign", "ms", "said", "holds"),
    [
        (">=", 80, (80, 200), True),
        (">=", 80, (79, 200), False),
        (">", 80, (80,), False),
        ("<=", 300, (300, 20), True),
        ("<=", 300, (301, 20), False),
        ("<", 300, (300,), False),
        (">=", 80, (), True),
    ],
)
def test_each_word_must_keep_the_bound(sign: Sign, ms: int, said: tuple[int, ...], holds: bool) -> None:
    assert WordMs(sign, ms).holds(lasting(*said)) is holds


@given(st.lists(st.integers(0, 2000), max_size=8), st.integers(0, 2000), st.integers(0, 2000))
def test_several_bounds_are_a_range(said: list[int], least: int, most: int) -> None:
    bounds = (WordMs(">=", least), WordMs("<=", most))
    assert keep(bounds, lasting(*said)) is all(least <= ms <= most for ms in said)


@pytest.mark.parametrize(("bound", "found"), [(">=300", 1), (">300", 0), ("<300", 0), ("<=300", 1)])
def test_a_rule_acts_on_words_of_that_length_alone(bound: str, found: int) -> None:
    engine = judge(f'when.all = [ {{ word_ms = "{bound}" }} ]')
    assert len(engine.hear(say(PHRASE))) == found


def test_fillers_may_last_as_long_as_they_like() -> None:
    text = rule(when__any="[{ words = ['free coins'], gap = 1 }]", when__all='[{ word_ms = ">=300" }]')
    said = say("free um coins")
    short = tuple(replace(word, end=word.start + 0.05) if word.w == "um" else word for word in said.words)
    (one,) = tried(compile_rules(text), [replace(said, words=short)])
    assert one.missing == ""


def test_a_trial_says_what_was_missing() -> None:
    text = rule(when__any=f"[{{ words = ['{PHRASE}'] }}]", when__all='[{ word_ms = ">=400" }]')
    (one,) = tried(compile_rules(text), [say(PHRASE)])
    assert one.missing == "a word does not last at least 400 ms"


@pytest.mark.parametrize(("bound", "armed"), [(">=300", [True]), (">300", [])])
def test_what_is_too_short_is_not_redacted_in_the_end(bound: str, armed: list[bool]) -> None:
    arming = lane(more=f'when.all = [ {{ word_ms = "{bound}" }} ]')
    found = list(arming.final(words("you stupid clown"), 1000))
    assert [each.final for each in found if isinstance(each, Armed)] == armed


def test_a_rule_without_words_has_none_to_measure() -> None:
    text = rule(**{"when.any": None, "when.all": '[{ level_db = ">=-12" }, { word_ms = ">=80" }]'})
    with pytest.raises(RuleFileError, match="`word_ms` is about words"):
        compile_rules(text)


def test_the_check_says_it() -> None:
    told = "\n".join(explain(compile_rules(rule(when__all='[{ word_ms = ">=80" }]'))))
    assert "Every word of it must last at least 80 ms." in told
