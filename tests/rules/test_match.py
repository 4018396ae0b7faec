"""Normalisation and matching: whole words, one cost for any number of rules."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules import normalise
from spacesctl.rules.match import Matcher
from spacesctl.rules.rulefile import compile_rules, parse
from spacesctl.rules.ruleset import Pattern, Phrase, Rule


def phrase_rule(*phrases: str, rule_id: str = "r") -> Rule:
    return Rule(rule_id, 1, literals=tuple(Phrase(each, normalise.readings(each), 1) for each in phrases))


def regex_rule(*patterns: str) -> Rule:
    return Rule("x", 1, patterns=tuple(Pattern(each, 1) for each in patterns))


def found(rule: Rule, text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[hit.first : hit.last + 1]) for hit in Matcher([rule]).find(words)]


@pytest.mark.parametrize(
    ("written", "ways"),
    [
        ("Crypto  Giveaway!", {"crypto giveaway"}),
        ("don’t", {"don't", "do not"}),
        ("twenty-five", {"twenty five"}),
        ("25", {"twenty five", "two five"}),
        ("305", {"three hundred five", "three hundred and five", "three zero five", "three oh five"}),
        ("1,000 coins", {"one thousand coins", "one zero zero zero coins", "one oh oh oh coins", "ten oh oh coins"}),
        ("ＦＲＥＥ", {"free"}),
        ("Straße", {"strasse"}),
        ("'quoted'", {"quoted"}),
        ("?!", set()),
        ("", set()),
    ],
)
def test_readings_of_a_phrase(written: str, ways: set[str]) -> None:
    assert set(normalise.readings(written)) == ways


@given(st.text(max_size=30))
def test_readings_are_stable_and_hold_single_spaces(text: str) -> None:
    for way in normalise.readings(text):
        assert way == " ".join(way.split()) != ""
        assert normalise.readings(way)[0] == way


@given(st.integers(0, 10**9 - 1))
def test_a_numeral_that_a_recogniser_writes_is_found_by_the_same_numeral_in_a_rule(number: int) -> None:
    heard = normalise.heard(str(number))
    assert " ".join(heard) in normalise.readings(str(number))


@pytest.mark.parametrize(
    ("phrase", "said", "hits"),
    [
        ("hell", "what the hell is it", ["hell"]),
        ("hell", "he'll say hello in a shell", []),
        ("ass", "first class assistant pass", []),
        ("scam", "scam scammer scam", ["scam", "scam"]),
        ("send me your password", "please send me your password now", ["send me your password"]),
        ("send me your password", "send me your passwords", []),
        ("ha ha", "ha ha ha", ["ha ha", "ha ha"]),
    ],
)
def test_phrases_are_found_as_whole_words_only(phrase: str, said: str, hits: list[str]) -> None:
    assert found(phrase_rule(phrase), said) == hits


@pytest.mark.parametrize(
    ("pattern", "said", "hits"),
    [
        (r"\bseed (phrase|words?)\b", "the seed phrase and seed words", ["seed phrase", "seed words"]),
        ("ass", "class ass assist", ["ass"]),
        ("free|freedom", "freedom is free", ["freedom", "free"]),
        ("(ha )+ha", "ha ha ha no", ["ha ha ha"]),
        ("a", "a a a", ["a", "a", "a"]),
        ("CRYPTO", "crypto", ["crypto"]),
        ("caf.", "the café", ["café"]),
    ],
)
def test_regexes_hit_from_word_border_to_word_border(pattern: str, said: str, hits: list[str]) -> None:
    assert found(regex_rule(pattern), said) == hits


_letters = st.text("abc", min_size=1, max_size=4)


@given(st.lists(_letters, min_size=1, max_size=3), st.lists(_letters, max_size=12))
def test_a_phrase_is_found_exactly_where_its_words_stand(phrase: list[str], said: list[str]) -> None:
    expected = [n for n in range(len(said)) if said[n : n + len(phrase)] == phrase]
    rules = [phrase_rule(" ".join(phrase)), regex_rule(" ".join(phrase))]
    for rule in rules:
        hits = Matcher([rule]).find(said)
        starts = [hit.first for hit in hits]
        if rule is rules[0]:
            assert starts == expected
        else:
            assert set(starts) <= set(expected), "a regex takes hits from left to right, not overlapping ones"
            assert bool(starts) == bool(expected)
        assert all(hit.last - hit.first + 1 == len(phrase) for hit in hits)


def test_ten_thousand_phrases_are_one_automaton() -> None:
    literals = [f"word{n} thing{n % 97}" for n in range(10_000)]
    rules = [phrase_rule(*literals[n : n + 10], rule_id=f"r{n}") for n in range(0, 10_000, 10)]
    matcher = Matcher(rules)
    said = ["a", "word9999", "thing8", "b", "word123", "thing26", "word123", "thing27"]
    assert [(hit.rule, hit.matched) for hit in matcher.find(said)] == [(999, literals[9999]), (12, literals[123])]


def test_many_regexes_are_one_set_that_still_finds_each() -> None:
    rules = [regex_rule(rf"\bword{n} (one|two) \w+") for n in range(300)]
    hits = Matcher(rules).find(["x", "word7", "two", "three", "word299", "one", "four"])
    assert [hit.rule for hit in hits] == [7, 299]


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)(.*)(.*)(.*)b", "([a-z]+ )*[a-z]+!"])
def test_patterns_that_hang_a_backtracking_engine_are_harmless(pattern: str) -> None:
    text = f"schema = 1\n[[rule]]\nid = 'h'\nactions = ['log']\nwhen.any = [{{ regex = '{pattern}' }}]\n"
    matcher = Matcher(compile_rules(text).rules)
    began = time.process_time()
    assert matcher.find(["a" * 50_000]) == []
    assert time.process_time() - began < 5.0, "a backtracking engine needs longer than the world is old"


def test_a_large_pattern_beside_others_does_not_make_the_set_blind() -> None:
    big = r"(\w{1,40} ){1,20}zebra"
    matcher = Matcher([regex_rule(big), regex_rule("needle")])
    assert [hit.rule for hit in matcher.find(["hay"] * 500 + ["needle"])] == [1]


def test_no_words_and_no_rules_find_nothing() -> None:
    assert Matcher([]).find(["a"]) == []
    assert Matcher([phrase_rule("a")]).find([]) == []


NATIVE = [
    ("काला", "किला देखो", False, "vowel signs belong to the word"),
    ("काला", "वह काला है", True, ""),
    ("गाली", "गोली", False, "another vowel sign is another word"),
    ("می‌خواهم", "من می‌خواهم", True, "with the joiner"),
    ("می‌خواهم", "من میخواهم", True, "without it"),
    ("שָׁלוֹם", "שלום לכם", True, "points are not heard"),
    ("مُحْتال", "هذا محتال", True, "short vowels are not heard"),
    ("محـتال", "محتال", True, "nor is a stretched letter"),
    ("İSTANBUL", "istanbul", True, ""),
    ("IŞIK", "ışık", True, "in Turkish the capital of a dotless letter"),
    ("sik", "sık sık", False, "which is another letter"),
    ("straße", "strasse", True, ""),
    ("STRASSE", "straße", True, ""),
    ("ΟΔΟΣ", "οδος", True, "a sigma at the end"),
    ("οδος", "ΟΔΟΣ", True, ""),
    ("바보", "너는 바보", True, ""),
    ("바보", "너는 바보야", False, "whole words"),
    ("\u1107\u1161\u1107\u1169", "바보", True, "in letters that are not composed"),
    ("骗子", "你 是 骗子", True, ""),
    ("骗子", "你是骗子", True, "in one piece"),
    ("你是骗子", "你 是 骗 子", True, "in other pieces"),
    ("骗子", "骗 了 子", False, ""),
    ("café", "cafe\u0301", True, "composed or not"),
    ("1984", "nineteen eighty four", True, ""),
    ("2005", "twenty oh five", True, ""),
    ("1900", "nineteen hundred", True, ""),
    ("23rd", "the twenty third", True, ""),
    ("100th", "one hundredth", True, ""),
    ("4111 1111 1111 1111", "four one one one one one one one one one one one one one one one", True, ""),
    ("4729", "forty seven twenty nine", True, ""),
    ("you're a fraud", "you are a fraud", True, ""),
    ("you are a fraud", "you're a fraud", True, ""),
    ("don't trust him", "do not trust him", True, ""),
    ("he'll", "hell", False, ""),
    ("give away", "the giveaway", True, ""),
    ("giveaway", "give away now", True, ""),
    ("crypto give away", "crypto giveaway", True, ""),
    ("penis", "the pen is here", False, "two letters are no part of a compound"),
    ("therapist", "the rapist", False, "nor is an article"),
    ("giveaway", "give a way", False, ""),
    ("giveaway", "forgive away", False, "it begins inside of a word"),
]


@pytest.mark.parametrize(("rule", "said", "hit", "why"), NATIVE)
def test_words_are_what_they_say_in_every_script(rule: str, said: str, hit: bool, why: str) -> None:
    rules = compile_rules(
        f"schema = 1\n[[rule]]\nid = 'n'\nwhen.any = [{{ words = [\"{rule}\"] }}]\nactions = ['log']\n"
    )
    words = [part for word in said.split() for part in normalise.heard(word)]
    assert bool(Matcher(rules.rules).find(words)) is hit, why


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        ("a$$", "a"),
        ("$hit", "hit"),
        ("c++", "c"),
        ("@55", "fifty five"),
        ("and/or", "and or"),
        ("#metoo", "metoo"),
        ("r&b", "r b"),
        ("f*ck", "f ck"),
        ("b.s", "b s"),
        ("fish & chips", "fish chips"),
        ("50%", "fifty"),
    ],
)
def test_an_entry_that_loses_a_mark_is_an_error_that_shows_what_it_would_listen_for(entry: str, reading: str) -> None:
    text = f'schema = 1\n[[rule]]\nid = "n"\nwhen.any = [{{ words = ["{entry}"] }}]\nactions = ["log"]\n'
    _, problems = parse(text)
    (error,) = [one for one in problems if one.level == "error"]
    assert error.line == 4
    assert repr(reading) in error.message


@pytest.mark.parametrize(
    "entry",
    ["shut up!", "hello, world", "well-known", "rock 'n' roll", "(really)", "1,000", "naïve", "„Quatsch“", "what?!"],
)
def test_punctuation_and_hyphens_are_no_loss(entry: str) -> None:
    text = f'schema = 1\n[[rule]]\nid = "n"\nwhen.any = [{{ words = ["{entry}"] }}]\nactions = ["log"]\n'
    assert parse(text)[1] == []


@pytest.mark.parametrize(
    ("pattern", "said", "hit"),
    [
        (r"du \w+", "du größenwahn", True),
        (r"तू \w+", "तू काला", True),
        (r"you [\w]+", "you naïve", True),
        (r"\W", "größe", False),
        (r"[^\w ]", "größe", False),
        (r"a[]\w]", "aß", False),
    ],
)
def test_a_word_character_is_one_of_every_script(pattern: str, said: str, hit: bool) -> None:
    text = f"schema = 1\n[[rule]]\nid = 'n'\nwhen.any = [{{ regex = '{pattern}' }}]\nactions = ['log']\n"
    words = [part for word in said.split() for part in normalise.heard(word)]
    assert bool(Matcher(compile_rules(text).rules).find(words)) is hit
