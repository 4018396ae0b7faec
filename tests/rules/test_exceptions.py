"""What no rule finds, word lists beside a rule file, and beginnings of words."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules import lists
from spacesctl.rules.check import check, explain
from spacesctl.rules.match import Matcher
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rule_engine import RuleEngine
from spacesctl.rules.rulefile import MAX_REDACTED, MAX_SPELLINGS, compile_rules
from spacesctl.rules.vocabulary import Vocabulary
from tests.rules.test_rule_engine import say
from tests.rules.test_rulefile import HEAD, rule

EXCEPT = '[exceptions]\nwords = ["dick van dyke", "pussy cat", "nine one one nine one one"]\n'


def excepting(condition: str) -> RuleEngine:
    return RuleEngine(compile_rules(rule(when__any=f"[{condition}]") + EXCEPT))


@pytest.mark.parametrize(
    ("condition", "said", "found"),
    [
        ("{ words = ['dick'] }", "dick van dyke", []),
        ("{ words = ['dick'] }", "you dick van dyke", []),
        ("{ words = ['dick'] }", "dick van dyke is a dick", ["dick"]),
        ("{ words = ['dick van'] }", "dick van dyke", []),
        ("{ words = ['a dick'] }", "a dick van dyke", ["a dick"]),
        ("{ words = ['pussy'], gap = 1, forms = true }", "pussy cat", []),
        ("{ words = ['pussycat'] }", "pussy cat", []),
        ("{ prefix = 'puss' }", "pussy cat pussies", ["pussies"]),
        ("{ regex = 'pus+y' }", "pussy cat pussy", ["pussy"]),
        ("{ digits = { run = 6 } }", "nine one one nine one one", []),
        ("{ digits = { run = 6 } }", "nine one one nine one one two", ["nine one one nine one one two"]),
    ],
)
def test_what_lies_within_an_exception_is_no_hit_of_any_rule(condition: str, said: str, found: list[str]) -> None:
    decisions = excepting(condition).hear(say(said))
    assert [" ".join(word.w for word in each.words) for each in decisions] == found


def test_an_exception_that_an_utterance_border_divides_counts() -> None:
    ruled = excepting("{ words = ['cat'] }")
    assert ruled.hear(say("pussy", at=1)) == []
    assert ruled.hear(say("cat", at=2)) == []
    assert len(ruled.hear(say("cat", at=3))) == 1


def test_the_check_explains_exceptions() -> None:
    assert "Within 'dick van dyke', 'pussy cat', 'nine one one nine one one' no rule finds anything." in explain(
        compile_rules(rule() + EXCEPT)
    )


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("exceptions = 3\n", 2, "not a table"),
        ("[exceptions]\nword = ['a']\n", 3, "did you mean `words`"),
        ("[exceptions]\nwords = ['a', '?!']\n", 3, "no word in it"),
        ("[exceptions]\nwords_from = 'a.txt'\n", 3, "not there"),
        ("[exceptions]\nwords_from = '../a.txt'\n", 3, "plain name"),
        ("[exceptions]\nwords_from = 3\n", 3, "not a string"),
    ],
)
def test_wrong_exceptions_are_refused_at_their_line(text: str, line: int, told: str) -> None:
    (problem,) = check(HEAD + text, "my.toml")
    assert (problem.line, problem.level) == (line, "error")
    assert told in problem.message + problem.todo


LIST = "# scams\nfree crypto\n\n  seed phrase  # also with a comment\n"
FROM = rule(when__any="[{ words_from = 'scams.txt', forms = true }]")


def with_list(text: str, content: str, name: str = "scams.txt") -> str:
    return lists.bundled(text, {name: content}.get)


def test_a_list_has_a_phrase_in_each_line() -> None:
    (found,) = compile_rules(with_list(FROM, LIST)).rules
    assert [(phrase.text, phrase.line, phrase.file) for phrase in found.literals] == [
        ("free crypto", 2, "scams.txt"),
        ("seed phrase", 4, "scams.txt"),
    ]
    assert [hit.matched for hit in Matcher([found]).find(["seed", "phrases"])] == ["seed phrase"]


def test_each_error_in_a_list_is_told_with_its_file_and_line() -> None:
    text = "ok\n?!\n" + "x" * 201 + "\na$$\n" + "a " * 17 + "\ncafé\n"
    told = check(with_list(FROM, text), "my.toml")
    assert [(each.file, each.line, each.level) for each in told] == [("scams.txt", n, "error") for n in (2, 3, 4, 5, 6)]
    known = check(with_list(FROM, LIST), "my.toml", Vocabulary(["free", "seed", "phrase"]))
    assert [(each.file, each.line) for each in known] == [("scams.txt", 2)]


def test_a_list_that_is_not_there_is_an_error_and_an_empty_one_a_warning() -> None:
    (gone,) = check(FROM, "my.toml")
    assert (gone.file, gone.line, gone.level) == ("my.toml", 4, "error")
    (empty,) = check(with_list(FROM, "# nothing\n"), "my.toml")
    assert empty.level == "warning"


def test_the_hash_is_that_of_rules_and_lists() -> None:
    one, other = (compile_rules(with_list(FROM, text)).hash for text in ("a b\n", "a c\n"))
    assert one != other
    assert with_list(rule(), "a b") == rule(), "it names no list"


def test_a_bundle_is_not_bundled_again_and_keeps_the_lines_of_the_rule_file() -> None:
    made = with_list(FROM + EXCEPT, LIST)
    assert made.startswith((FROM + EXCEPT).rstrip("\n"))
    assert with_list(made, "other") == made


@pytest.mark.parametrize(
    "text", ["not = = toml", "a.b.c.d.e.f.g.h.i.j = 1", "schema = 1", "words_from = '../secret'", "words_from = 3"]
)
def test_what_names_no_list_stays_as_it_is(text: str) -> None:
    assert lists.bundled(text, lambda name: pytest.fail(name)) == text


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_list_of_any_text_makes_a_file_that_can_be_read(content: str) -> None:
    read = tomllib.loads(with_list(FROM, content))
    assert len(read["lists"]["scams.txt"]) == len(content.splitlines())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lists = 3\n", "not a table"),
        ("[lists]\na = 3\n", "not a list"),
        ("[lists]\na = [3]\n", "not a string"),
        ("[lists]\n" + "".join(f"l{n} = []\n" for n in range(51)), "51 lists"),
    ],
)
def test_wrong_lists_are_refused(text: str, told: str) -> None:
    (problem,) = [one for one in check(HEAD + text, "my.toml") if one.level == "error"]
    assert told in problem.message


def test_spellings_are_bounded_with_their_forms_and_redacted_ones_with_exceptions() -> None:
    lines = "\n".join(
        f"kill{chr(97 + n % 26)}n{chr(97 + n // 26 % 26)}n b{chr(97 + n // 676)}n punch" for n in range(6000)
    )
    with pytest.raises(RuleFileError, match=f"spellings, the most is {MAX_SPELLINGS}"):
        compile_rules(with_list(FROM, lines))
    many = [f"w{n} x" for n in range(MAX_REDACTED)]
    redacts = rule(actions='["redact"]', when__any="[{ words_from = 'scams.txt' }]")
    compile_rules(with_list(redacts, "\n".join(many[:-9])))
    with pytest.raises(RuleFileError, match="with exceptions"):
        compile_rules(with_list(redacts + "[exceptions]\nwords = ['a']\n", "\n".join(many)))


@pytest.mark.parametrize(
    ("prefix", "said", "found"),
    [
        ("'crypto'", "cryptocurrency crypto crypt encrypto", [0, 1]),
        ("'CRYPTO'", "cryptos", [0]),
        ("'стер'", "стерва", [0]),
    ],
)
def test_a_prefix_hits_whole_words_that_begin_with_it(prefix: str, said: str, found: list[int]) -> None:
    rules = compile_rules(rule(when__any=f"[{{ prefix = {prefix} }}]")).rules
    hits = Matcher(rules).find(said.split())
    assert [(hit.first, hit.last) for hit in hits] == [(n, n) for n in found]
    assert all(hit.matched.endswith("*") for hit in hits)


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("'ab'", "2 letters"),
        ("'a b'", "one word"),
        ("''", "one word"),
        ("'a$$b'", "loses"),
        ("3", "not a string"),
        (f"'{'x' * 41}'", "41 letters"),
    ],
)
def test_a_prefix_that_cannot_be_used_is_refused(prefix: str, told: str) -> None:
    (problem,) = check(rule(when__any=f"[{{ prefix = {prefix} }}]"))
    assert problem.line == 4
    assert told in problem.message


def test_the_check_tells_the_words_of_the_model_that_begin_so() -> None:
    found = compile_rules(rule(when__any="[{ prefix = 'crypt' }]"))
    assert "  It listens for all words that begin with 'crypt': crypto, cryptos." in explain(
        found, Vocabulary(["crypto", "cryptos", "cry"])
    )
    assert "  It listens for all words that begin with 'crypt'." in explain(found)
    (problem,) = check(rule(when__any="[{ prefix = 'crypt' }]"), known=Vocabulary(["cry"]))
    assert "no word that begins with 'crypt'" in problem.message
