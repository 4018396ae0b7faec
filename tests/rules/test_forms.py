"""Inflections of words in rules: which are spelled, and which are other words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules import forms, normalise
from spacesctl.rules.check import check, explain, gained
from spacesctl.rules.match import Matcher
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.vocabulary import Vocabulary
from tests.rules.test_rulefile import rule


def file(words: str, keys: str = "forms = true") -> str:
    return rule(when__any=f"[{{ words = [{words}], {keys} }}]")


def hits(text: str, said: str) -> list[str]:
    words = [part for word in said.split() for part in normalise.heard(word)]
    found = Matcher(compile_rules(text).rules).find(words)
    return [" ".join(words[hit.first : hit.last + 1]) for hit in found]


@pytest.mark.parametrize(
    ("word", "has"),
    [
        ("kill", "kills killing killed killer killers kill's"),
        ("scam", "scams scamming scammed scammer scammers"),
        ("rape", "rapes raping raped raper rapers"),
        ("bully", "bullies bullying bullied"),
        ("spy", "spies spying spied"),
        ("obey", "obeys obeying obeyed"),
        ("pass", "passes passing passed"),
        ("box", "boxes boxing boxed"),
        ("punch", "punches punching punched puncher"),
        ("lie", "lies lying lied liar liars"),
        ("die", "dies dying died"),
        ("agree", "agrees agreeing agreed"),
        ("admit", "admits admitting admitted"),
        ("visit", "visits visiting visited"),
        ("quit", "quits quitting quitter"),
        ("panic", "panics panicking panicked"),
        ("veto", "vetos vetoes vetoing"),
        ("steal", "steals stealing stole stolen"),
        ("shoot", "shoots shooting shot shooter shooters"),
        ("write", "writes writing wrote written writer"),
        ("go", "goes going went gone"),
        ("be", "is are was were been being"),
        ("woman", "women woman's"),
        ("child", "children child's"),
        ("policeman", "policemen policeman's"),
        ("killing", "killings"),
    ],
)
def test_a_word_has_these_forms(word: str, has: str) -> None:
    assert set(has.split()) <= set(forms.of_word(word))


@pytest.mark.parametrize(
    ("word", "lacks"),
    [
        ("rape", "grape grapes rapist rap"),
        ("man", "manner manners manned"),
        ("steal", "stealed steal's"),
        ("lie", "liing lier"),
        ("scam", "scaming scamed"),
        ("bully", "bullys bullyed"),
        ("dye", "dying"),
        ("human", "humen"),
        ("see", "seed seeed"),
    ],
)
def test_what_is_another_word_is_no_form(word: str, lacks: str) -> None:
    assert not set(lacks.split()) & set(forms.of_word(word))


@pytest.mark.parametrize("word", ["the", "your", "kids", "wanted", "stole", "children", "café", "don't", "ax", "ок"])
def test_words_without_forms(word: str) -> None:
    assert forms.of_word(word) == ()


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_forms_are_other_single_words_that_are_spelled_as_the_recogniser_s_are(word: str) -> None:
    found = forms.of_word(word)
    assert word not in found
    assert len(set(found)) == len(found) <= 12
    for form in found:
        assert normalise.heard(form) == (form,) or form.isalpha() is False


def test_a_phrase_is_found_with_one_or_two_of_its_words_inflected() -> None:
    text = file('"send me your password"')
    for said in ("send me your passwords", "sending me your password", "sent me your passwords"):
        assert hits(text, said) == [said]
    assert hits(text, "send me yours password") == []
    assert hits(rule(when__any='[{ words = ["send me your password"] }]'), "send me your passwords") == []


def test_the_spellings_of_a_phrase_are_bounded_and_the_plainest_come_first() -> None:
    found = forms.of_reading("scam bully punch shoot kill")
    assert len(found) == forms.MAX_FORMS
    assert sum(one.split()[1:] == ["bully", "punch", "shoot", "kill"] for one in found) == len(forms.of_word("scam"))


def test_forms_of_a_phrase_that_is_not_english_are_refused_at_its_line() -> None:
    (problem,) = check(rule(when__any="[{ words = ['scam',\n'créole'], forms = true }]"), "my.toml")
    assert (problem.line, problem.level) == (5, "error")
    assert "English" in problem.message


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{ words = ['a'], forms = 1 }", "`forms` is not `true` or `false`"),
        ("{ words = ['a'], gap = 4 }", "from 0 to 3"),
        ("{ words = ['a'], gap = true }", "not a whole number"),
        ("{ regex = 'a', forms = true }", "unknown key `forms`"),
        ("{ forms = true }", "has one key, this has none"),
    ],
)
def test_what_stands_beside_words_wrongly_is_refused(condition: str, told: str) -> None:
    problems = check(rule(when__any=f"[{condition}]"))
    assert any(told in each.message + each.todo for each in problems)
    assert all(each.line == 4 for each in problems)


def test_the_check_lists_the_words_of_the_model_that_forms_gain() -> None:
    known = Vocabulary(["rape", "rapes", "raped", "grape", "grapes", "rapist", "drapes"])
    found = compile_rules(file("'rape'"))
    assert gained(found.rules[0], known) == ["raped", "rapes"]
    assert "  By their forms it also finds these words of the model: raped, rapes." in explain(found, known)
    assert any(
        "also finds: rape's, raped, raper, rapers, rapes, raping." in line and "--model" in line
        for line in explain(found)
    )


def test_a_phrase_that_can_be_heard_in_a_form_alone_is_no_error() -> None:
    assert check(file("'scam'"), known=Vocabulary(["scams"])) == []


def test_many_forms_are_listed_in_part() -> None:
    found = compile_rules(file(", ".join(f"'kill{chr(97 + n)}n'" for n in range(20))))
    assert any(" more. With --model" in line for line in explain(found))
