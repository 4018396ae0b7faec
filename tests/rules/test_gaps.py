"""Fillers and unknown words inside of a phrase (`gap`)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.check import explain
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.normalise import UNKNOWN
from spacesctl.rules.phrases import FILLERS, PAIRS
from spacesctl.rules.rule_engine import RuleEngine
from spacesctl.rules.rulefile import compile_rules
from tests.rules.test_rule_engine import PHRASE, say
from tests.rules.test_rulefile import rule


def matcher(phrase: str, gap: int = 1) -> Matcher:
    return Matcher(compile_rules(rule(when__any=f'[{{ words = ["{phrase}"], gap = {gap} }}]')).rules)


def hits(phrase: str, said: str, gap: int = 1) -> list[str]:
    words = said.split()
    return [" ".join(words[hit.first : hit.last + 1]) for hit in matcher(phrase, gap).find(words)]


@pytest.mark.parametrize(
    ("phrase", "said", "gap", "found"),
    [
        ("kill yourself", "go kill um yourself", 1, ["kill um yourself"]),
        ("kill yourself", "go kill yourself", 1, ["kill yourself"]),
        ("kill yourself", "kill [unk] yourself", 1, ["kill [unk] yourself"]),
        ("kill yourself", "kill you know yourself", 1, ["kill you know yourself"]),
        ("kill yourself", "kill um uh yourself", 1, []),
        ("kill yourself", "kill um uh yourself", 2, ["kill um uh yourself"]),
        ("kill yourself", "kill um uh er yourself", 3, ["kill um uh er yourself"]),
        ("kill yourself", "kill um uh er ah yourself", 3, []),
        ("kill yourself", "kill not yourself", 3, []),
        ("kill yourself", "kill um yourself", 0, []),
        ("kill yourself", "kill um", 1, []),
        ("kill", "um kill um", 1, ["kill"]),
        ("send me it", "send um me like it", 1, ["send um me like it"]),
        ("what you like", "what um you like", 1, ["what um you like"]),
        ("like crazy", "like um crazy", 1, ["like um crazy"]),
        ("like crazy", "like like crazy", 1, ["like crazy", "like like crazy"]),
        ("a like b", "a like like um b", 1, ["a like like um b"]),
        ("kill you", "kill um you know", 1, ["kill um you"]),
        ("you know where", "um you know where", 1, ["you know where"]),
    ],
)
def test_a_phrase_with_fillers_inside(phrase: str, said: str, gap: int, found: list[str]) -> None:
    assert sorted(hits(phrase, said, gap)) == sorted(found)


def test_the_fillers_are_told_apart_from_the_phrase() -> None:
    (hit,) = matcher("kill yourself").find(["go", "kill", "um", "yourself"])
    assert hit == Hit(1, 3, 0, "kill yourself", between=(2,))
    assert hit.own == [1, 3]


def test_how_sure_a_filler_is_does_not_matter() -> None:
    rules = rule(when__any=f'[{{ words = ["{PHRASE}"], gap = 1 }}]', when__all='[{ confidence = ">=0.8" }]')
    said = say("send me [unk] your password")
    doubtful = tuple(replace(word, conf=0.1) if word.w == UNKNOWN else word for word in said.words)
    (decision,) = RuleEngine(compile_rules(rules)).hear(replace(said, words=doubtful))
    assert decision.confidence == 0.9
    assert [word.w for word in decision.words] == ["send", "me", "[unk]", "your", "password"]
    unsure = tuple(replace(word, conf=0.1) if word.w == "your" else word for word in said.words)
    assert RuleEngine(compile_rules(rules)).hear(replace(said, words=unsure)) == []


_words = st.sampled_from(["a", "b", "like", "um", UNKNOWN, "you", "know"])
_between = st.lists(
    st.sampled_from([[each] for each in sorted(FILLERS)] + [list(pair) for pair in sorted(PAIRS)]), max_size=4
)


@given(st.lists(_words, min_size=1, max_size=4), st.lists(_words, max_size=12), st.integers(1, 3))
def test_what_is_found_without_a_gap_is_found_with_one(phrase: list[str], said: list[str], gap: int) -> None:
    if UNKNOWN in phrase:
        return
    plain = {(hit.first, hit.last) for hit in matcher(" ".join(phrase), 0).find(said)}
    assert plain <= {(hit.first, hit.last) for hit in matcher(" ".join(phrase), gap).find(said)}


@given(st.lists(_between, min_size=3, max_size=3), st.integers(1, 3))
def test_so_many_fillers_may_stand_at_each_place_and_no_more(between: list[list[list[str]]], gap: int) -> None:
    said: list[str] = []
    for word, fillers in zip(PHRASE.split(), [*between, []], strict=True):
        said += [word, *(each for filler in fillers for each in filler)]
    assert bool(matcher(PHRASE, gap).find(said)) is all(len(fillers) <= gap for fillers in between)


@given(st.lists(_words, max_size=14), st.integers(0, 14))
def test_words_that_were_looked_at_before_change_nothing(said: list[str], since: int) -> None:
    found = Matcher(
        compile_rules(rule(when__any='[{ words = ["a", "a b", "b a b"], gap = 2 }, { words = ["b um"] }]')).rules
    )
    assert [hit for hit in found.find(said) if hit.last >= since] == found.find(said, since=since)


def test_many_fillers_and_phrases_of_fillers_are_walked_in_a_bounded_number_of_steps() -> None:
    found = matcher(" ".join(["like"] * 16), 3).find(["like"] * 64)
    assert 0 < len(found) <= 64


def test_the_check_tells_the_gap() -> None:
    one = compile_rules(rule(when__any='[{ words = ["a b"], gap = 2 }]'))
    assert "  Up to 2 fillers or unknown words may stand between them." in explain(one)
    some = compile_rules(rule(when__any='[{ words = ["a b"], gap = 2 }, { words = ["c d"] }]'))
    assert "  Up to 2 fillers or unknown words may stand between the words of some phrases." in explain(some)
