"""Rules that want a second recognition, and phrases that are found by their sounds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules import phones
from spacesctl.rules.check import check, explain
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rule_engine import Decision, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.vocabulary import Vocabulary
from tests.rules.test_rule_engine import say
from tests.rules.test_rulefile import rule

SOUNDS = '[{ sounds_like = ["crypto giveaway", "double your money"] }]'


def sounding(any_of: str = SOUNDS, **changes: str | None) -> str:
    return rule(when__any=any_of, confirm="true", actions='["report", "mute"]', **changes)


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("crypto", "KRAPTA"),
        ("giveaway", "KAFAWA"),
        ("idiot", "ATAAT"),
        ("double", "TAPAL"),
        ("money", "MANA"),
        ("know", "NA"),
        ("night", "NAT"),
        ("kicked", "KAKT"),
        ("makes", "MAKS"),
        ("edited", "ATATAT"),
        ("judge", "XAX"),
        ("nation", "NAXAN"),
        ("special", "SPAXAL"),
        ("phone", "FAN"),
        ("the", "QA"),
        ("don't", "TANT"),
        ("naïve", ""),
        ("[unk]", ""),
    ],
)
def test_what_words_sound_like(word: str, sounds: str) -> None:
    assert phones.of_word(word) == sounds


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("crypto giveaway", "crypto giveaway", 0),
        ("crypto giveaway", "crib toe give away", 0),
        ("crypto giveaway", "script oh give a way", 1),
        ("double your money", "trouble your money", 1),
        ("crypto giveaway", "kryptonite away", 2),
        ("idiot", "it is", 1),
        ("idiot", "at home", 2),
    ],
)
def test_how_much_words_sound_alike(one: str, other: str, apart: int) -> None:
    sounds = [phones.merged(phones.of_words(each)) for each in (one, other)]
    assert phones.apart(*sounds) == phones.apart(*reversed(sounds)) == apart


@given(st.text("AKTS", max_size=7), st.text("AKTS", max_size=7))
def test_what_is_at_most_one_sound_apart_is_found_in_the_table(one: str, other: str) -> None:
    if phones.apart(one, other) <= 1:
        assert phones.with_one_less(one) & phones.with_one_less(other)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("a crypto giveaway now", ["crypto giveaway"]),
        ("a crib toe give away now", ["crib toe give away"]),
        ("script oh give a way", ["script oh give a way"]),
        ("crib toe um give away", ["crib toe um give away"]),
        ("crib toe [unk] give away", []),
        ("trouble your money and double your money", ["trouble your money", "double your money"]),
        ("a good evening to you all", []),
    ],
)
def test_a_phrase_is_found_in_other_words_that_sound_like_it(said: str, found: list[str]) -> None:
    words = said.split()
    hits = Matcher(compile_rules(sounding()).rules).find(words)
    assert [" ".join(words[hit.first : hit.last + 1]) for hit in hits] == found


def test_of_what_was_there_before_nothing_is_found_again() -> None:
    matcher = Matcher(compile_rules(sounding()).rules)
    words = ["crib", "toe", "give", "away", "and", "so", "on"]
    assert [hit.last for hit in matcher.find(words, since=3)] == [3]
    assert matcher.find(words, since=4) == []


def test_a_hit_says_what_was_meant() -> None:
    (hit,) = Matcher(compile_rules(sounding()).rules).find(["crib", "toe", "give", "away"])
    assert hit == Hit(0, 3, 0, "crypto giveaway", meant=("crypto giveaway",))


def decided(text: str, said: str) -> list[Decision]:
    return RuleEngine(compile_rules(text)).hear(say(said))


def test_a_decision_says_what_is_to_be_heard_again() -> None:
    words = '[{ words = ["kill yourself"], gap = 1 }]'
    (plain,) = decided(sounding(words, mode='"enforce"'), "go kill um yourself")
    assert plain.confirm == ("kill yourself",), "without the filler"
    (alike,) = decided(sounding(mode='"enforce"'), "crib toe give away")
    assert alike.confirm == ("crypto giveaway",)
    (other,) = decided(rule(when__any=words), "kill yourself")
    assert other.confirm == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule(when__any=SOUNDS, actions='["mute"]'), "needs a second recognition"),
        (sounding('[{ sounds_like = ["go"] }]'), "'go' has 2 sounds, too few"),
        (sounding('[{ sounds_like = ["judge", "nation"] }]'), "'judge' has 3 sounds, too few"),
        (sounding('[{ sounds_like = ["naïve idea"] }]'), "a letter that English has not"),
        (sounding('[{ sounds_like = ["crypto giveaway"], gap = 1 }]'), "a condition has one key"),
        (sounding("[{ digits = { run = 6 } }]"), "not for numbers"),
        (
            sounding(
                f"[{{ sounds_like = {[f'{a}ody {b}erson' for a in 'bdfgklmnprstvwz' * 3 for b in 'bdfgklmnprst']} }}]"
            ),
            "the most is 500",
        ),
        (rule(confirm='"yes"'), "is not `true` or `false`"),
    ],
)
def test_each_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text)
    assert any(told in str(problem) for problem in caught.value.problems)


def test_where_nothing_waits_for_it_one_is_told() -> None:
    (warned,) = check(rule(confirm="true"))
    assert (warned.level, warned.line) == ("warning", 6)
    assert "no action of the rule waits" in warned.message
    assert check(sounding()) == []


def test_rules_are_explained() -> None:
    told = "\n".join(explain(compile_rules(sounding())))
    assert "It listens for all that sounds like 'crypto giveaway', 'double your money', however it is written." in told
    assert "Its sanctions happen only where a second recognition hears the same" in told
    assert "listens for nothing" not in told


def test_what_the_model_can_never_write_can_never_be_confirmed() -> None:
    known = Vocabulary(["double", "your", "money", "crypto"])
    (unheard,) = check(sounding(), known=known)
    assert (unheard.level, "`giveaway`" in unheard.message) == ("error", True)


def test_where_the_model_gives_no_confidence_a_rule_that_asks_for_one_is_an_error() -> None:
    text = rule(when__all='[{ confidence = ">=0.6" }]')
    assert check(text) == []
    (told,) = check(text, gives_confidence=False)
    assert (told.level, told.line, "never acts" in told.message) == ("error", 2, True)
    assert check(rule(), gives_confidence=False) == []


def test_many_phrases_cost_no_more_than_few() -> None:
    phrases = [f"{a}ody {b}erson" for a in "bdfgklmnprstvwz" for b in "bdfgklmnprst"]
    matcher = Matcher(compile_rules(sounding(f"[{{ sounds_like = {phrases} }}]")).rules)
    words = ("what a nice day it is to talk about the weather and the music " * 2).split()
    matcher.find(words)
    began = time.thread_time()
    for _ in range(20):
        matcher.find(words)
    assert (time.thread_time() - began) / 20 < 0.02
