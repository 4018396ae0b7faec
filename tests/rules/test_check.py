"""What `rules check` says of a file: problems with a recogniser's vocabulary in mind, and each rule in plain sentences."""

from __future__ import annotations

import pytest

from spacesctl.rules.check import check, explain
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.vocabulary import Vocabulary
from tests.rules.test_rulefile import rule


def sentences(**changes: str) -> str:
    return "\n".join(explain(compile_rules(rule(**changes))))


def test_every_word_that_cannot_be_heard_is_told_in_the_order_of_the_file() -> None:
    text = rule(when__any="[\n{ words = ['qqq'] },\n{ regex = '7' },\n{ words = ['good', 'zzz'] } ]")
    found = check(text, "my.toml", Vocabulary({"good"}))
    assert [(each.line, each.level, each.file) for each in found] == [
        (5, "error", "my.toml"),
        (6, "warning", "my.toml"),
        (7, "error", "my.toml"),
    ]
    assert all(each.message.strip() and each.todo.strip() and "None" not in str(each) for each in found)
    assert "`qqq`" in found[0].message
    assert "other words" in found[0].todo


def test_a_file_that_is_refused_is_checked_no_further() -> None:
    (problem,) = check(rule(severity="99"), "my.toml", Vocabulary(()))
    assert (problem.line, problem.file) == (6, "my.toml")


def test_warnings_of_reading_are_kept_beside_those_of_checking() -> None:
    text = rule(when__any="[ { regex = '7' }, { words = [] } ]", actions="[]")
    assert len(check(text, "my.toml", Vocabulary(()))) == 3
    assert {each.file for each in check(text, "my.toml")} == {"my.toml"}


def test_of_several_readings_the_one_with_the_fewest_missing_words_is_told() -> None:
    (problem,) = check(rule(when__any='[ { words = ["305"] } ]'), known=Vocabulary({"three", "hundred", "oh"}))
    assert "hear `five`, so" in problem.message


@pytest.mark.parametrize(
    ("word", "vocabulary", "near"),
    [
        ("giveaways", {"giveaway", "give", "away"}, ["giveaway"]),
        ("abcd", {"abcdef"}, ["abcdef"]),
        ("abcd", {"abcdefg"}, []),
        ("abcd", {"ab"}, ["ab"]),
        ("abcdef", {"abc"}, []),
        ("abcd", {"wxyz"}, []),
        ("abcd", {"abyz"}, ["abyz"]),
        ("abcd", {"ayzx"}, []),
        ("shay", {"chay", "shy", "say"}, 3),
        ("cater", {"later", "water", "eater", "hater"}, 3),
    ],
)
def test_near_words_have_about_its_length_and_half_its_letters(
    word: str, vocabulary: set[str], near: list[str] | int
) -> None:
    found = Vocabulary(vocabulary).nearest(word)
    assert (len(found) if isinstance(near, int) else found) == near


@pytest.mark.parametrize(
    ("changes", "said", "not_said"),
    [
        ({}, "only records that it would do: log", " does: "),
        ({"mode": '"enforce"'}, " does: log", "only records that"),
        ({"actions": "[]"}, "nothing", "None"),
        ({"when__any": '[ { words = ["a", "b", "c", "d", "e"] } ]'}, "'d', 'e'.", "more"),
        ({"when__any": '[ { words = ["a", "b", "c", "d", "e", "f"] } ]'}, "'e' and 1 more", "'f'"),
        ({"when__any": '[ { words = ["a", "b", "c", "d", "e", "f", "g"] } ]'}, "'e' and 2 more", "'f'"),
        ({}, "whole words 'x'.", "regex"),
        ({"when__any": "[ { regex = 'y' } ]"}, "regex 'y'", "for nothing"),
        ({}, "whole words", "for nothing"),
        ({"when__any": "[]"}, "for nothing", "whole words"),
        ({}, "Evidence: 10 s before and 4 s after", "confidence"),
        ({"when__all": '[ { confidence = ">0" } ]'}, "confidence >0", "None"),
        ({"when__all": '[ { confidence = ">=0" } ]'}, "listens", "confidence"),
        ({"when__all": '[ { confidence = ">=0.5" } ]'}, "confidence >=0.5", "None"),
        ({"repeat": '{ times = 2, within = "1m" }'}, "2 times within 60 s", "None"),
        ({}, "watches speaker.", "times within"),
        ({}, "Hosts, co-hosts and bots are exempt", "Bots are exempt"),
        ({"scope": "{ roles = [] }"}, "watches nobody. Hosts, co-hosts and bots", "None"),
        ({"scope": '{ roles = ["speaker", "host"] }'}, "watches host and speaker. Bots are exempt", "Hosts"),
        ({"cooldown": '"45s"'}, "alone for 45 s", "None"),
        (
            {},
            "At most 5 sanctions are taken by themselves in 5 minutes, at most 3 of them against one account.",
            "alone for",
        ),
    ],
)
def test_a_rule_is_explained_by_what_it_does_and_not_by_what_it_leaves_out(
    changes: dict[str, str], said: str, not_said: str
) -> None:
    found = sentences(**changes)
    assert said in found
    assert not_said not in found


def _numbers(allow: str) -> str:
    return rule(when__any=f"[ {{ digits = {{ run = 6, allow = [{allow}] }} }} ]")


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        ('{ length = 8, after = "order number" }', "numbers of at most 8 digits said after 'order number'"),
        ("{ length = 8 }", "numbers of 8 digits"),
        ('{ prefix = "49" }, { after = "code" }', "numbers that begin with 49 and numbers said after 'code'"),
    ],
)
def test_allowed_numbers_are_told_as_they_are_matched(allow: str, said: str) -> None:
    assert f"spoken numbers of 6 digits or more, except {said}." in "\n".join(explain(compile_rules(_numbers(allow))))


def test_words_after_which_numbers_are_allowed_are_known_to_the_model() -> None:
    text = _numbers('{ length = 8, after = "order nummer" }')
    (problem,) = check(text, "my.toml", Vocabulary({"order", "number"}))
    assert (problem.level, problem.line) == ("error", 4)
    assert "never hear `nummer`, so no number said after 'order nummer' is ever allowed" in problem.message
    assert "`number`" in problem.todo
    assert check(text, "my.toml", Vocabulary({"order", "nummer"})) == []


def test_that_all_words_are_known_is_said_when_they_are() -> None:
    text = rule(when__any='[ { words = ["a b"] } ]')
    said = "The model knows all words of these rules."
    assert explain(compile_rules(text), Vocabulary({"a", "b"}))[-1] == said
    assert said not in explain(compile_rules(text), Vocabulary({"a"}))
    assert said not in explain(compile_rules(text))
    only_regex = compile_rules(rule(when__any="[ { regex = 'y' } ]"))
    assert not any("knows" in line for line in explain(only_regex, Vocabulary({"a"}))), "nothing was checked"
