"""Which regexes a rule may use, and why the others are refused."""

from __future__ import annotations

import pytest

from spacesctl.rules import regexes
from spacesctl.rules.match import MAX_HITS_PER_REGEX, Hit, Matcher
from spacesctl.rules.ruleset import MAX_REGEX, Pattern, Phrase, Rule


@pytest.mark.parametrize(
    "pattern",
    [
        "^x",
        "x$",
        "(^|a) b",
        "a|b$",
        r"\Ax",
        r"x\z",
        r"\\^x",
        r"\\$",
        "[a]$",
        "[^a]$",
        "[]a]^x",
        "[^]a]$",
        "[^]]$",
        "[]]$",
        r"[\]]$",
    ],
)
def test_speech_has_no_line_ends(pattern: str) -> None:
    refused = regexes.refusal(pattern)
    assert refused is not None
    assert "line ends" in refused[1]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\^x",
        r"x\$",
        "[$]x",
        "[a^]x",
        "[^a]x",
        "[]^]x",
        "[]$]x",
        "[^]^]x",
        "[^]$]x",
        "[^]^]xyz",
        "[^^]x",
        r"[\]$]x",
        r"[\\$]x",
        r"\bx",
        r"\dx",
    ],
)
def test_what_only_looks_like_a_line_end_is_fine(pattern: str) -> None:
    assert regexes.refusal(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "empty regex"),
        ("x?", "empty text"),
        ("(a|)", "empty text"),
        ("x" * (MAX_REGEX + 1), f"{MAX_REGEX + 1} characters"),
        (r"(\w ?){1,900}x", "too large"),
        (r"\Qabc", "does not compile"),
        ("[z-a]", "does not compile (invalid character class range: z-a)"),
        ("a(?=b)", "does not compile"),
    ],
)
def test_a_regex_is_refused_for_a_reason_and_with_what_to_do(pattern: str, words: str) -> None:
    refused = regexes.refusal(pattern)
    assert refused is not None
    assert words in refused[0]
    assert refused[1].strip()


def test_the_longest_regex_is_as_long_as_that() -> None:
    assert regexes.refusal("x" * MAX_REGEX) is None


def test_a_regex_that_does_not_compile_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    assert regexes.refusal("(") is not None
    assert capfd.readouterr().err == "", "RE2 would write to stderr"


def test_memory_for_a_regex_is_bounded() -> None:
    chosen = regexes.options()
    assert (chosen.max_mem, chosen.case_sensitive, chosen.log_errors) == (64 << 20, False, False)


def test_a_regex_is_measured_as_it_is_run_no_matter_the_case() -> None:
    assert regexes.size("ab") > regexes.size("a")
    assert regexes.size("k") > regexes.size("1"), "both cases of a letter"
    assert regexes.size("(x{1,90}y){1,9}") > 800


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        (r"\d", True),
        ("[0-9]x", True),
        ("a4", True),
        ("a{4}", False),
        ("a{2, 9}", False),
        ("a{2,9}5", True),
        ("abc", False),
    ],
)
def test_a_regex_asks_for_digits(pattern: str, digits: bool) -> None:
    assert regexes.has_digits(pattern) is digits


def hits(rule: Rule, words: str) -> list[Hit]:
    return Matcher([rule]).find(words.split())


def test_a_hit_names_the_regex_and_its_words() -> None:
    rule = Rule("r", 1, patterns=(Pattern("free (coins|money)", 1),))
    assert hits(rule, "get free money and free coins") == [
        Hit(1, 2, 0, "free (coins|money)"),
        Hit(4, 5, 0, "free (coins|money)"),
    ]


def test_a_phrase_and_a_regex_at_one_place_are_one_hit_of_their_rule() -> None:
    rule = Rule("r", 1, literals=(Phrase("Scam!", ("scam",), 1),), patterns=(Pattern("scam", 1),))
    assert hits(rule, "a scam") == [Hit(1, 1, 0, "Scam!")]


@pytest.mark.parametrize("words", ["a", "a a", "b a b a", "a b a", "aa a aa a", "a b", "b a"])
def test_words_of_one_letter_are_counted_right(words: str) -> None:
    places = [n for n, word in enumerate(words.split()) if word == "a"]
    for rule in (Rule("r", 1, patterns=(Pattern("a", 1),)), Rule("r", 1, literals=(Phrase("a", ("a",), 1),))):
        assert [(hit.first, hit.last) for hit in hits(rule, words)] == [(n, n) for n in places]


@pytest.mark.parametrize(
    ("phrase", "words", "places"),
    [
        ("a b", "a b c", [(0, 1)]),
        ("b c", "a b c", [(1, 2)]),
        ("a b c", "a b c", [(0, 2)]),
        ("a b", "a b a b", [(0, 1), (2, 3)]),
        ("a bb", "c a bb a", [(1, 2)]),
    ],
)
def test_phrases_of_short_words_end_at_their_last_word(phrase: str, words: str, places: list[tuple[int, int]]) -> None:
    for rule in (Rule("r", 1, patterns=(Pattern(phrase, 1),)), Rule("r", 1, literals=(Phrase("p", (phrase,), 1),))):
        assert [(hit.first, hit.last) for hit in hits(rule, words)] == places


def test_one_thing_said_very_often_is_found_a_bounded_number_of_times() -> None:
    assert len(hits(Rule("r", 1, patterns=(Pattern("a", 1),)), "a " * 40)) == MAX_HITS_PER_REGEX
