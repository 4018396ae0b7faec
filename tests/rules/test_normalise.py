"""How words and numerals are spelled once they are normalised, in rules and as heard."""

from __future__ import annotations

import pytest

from spacesctl.rules import normalise


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0", "zero"),
        ("9", "nine"),
        ("10", "ten"),
        ("19", "nineteen"),
        ("20", "twenty"),
        ("21", "twenty one"),
        ("90", "ninety"),
        ("99", "ninety nine"),
        ("100", "one hundred"),
        ("101", "one hundred one"),
        ("110", "one hundred ten"),
        ("999", "nine hundred ninety nine"),
        ("1000", "one thousand"),
        ("1100", "one thousand one hundred"),
        ("22000", "twenty two thousand"),
        ("123456789", "one hundred twenty three million four hundred fifty six thousand seven hundred eighty nine"),
    ],
)
def test_a_numeral_is_first_read_as_a_number(number: str, said: str) -> None:
    assert normalise.readings(number)[0] == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("101", "one hundred and one"),
        ("1001", "one thousand and one"),
        ("305305", "three hundred and five thousand three hundred and five"),
        ("1199", "one thousand one hundred and ninety nine"),
    ],
)
def test_a_numeral_is_also_read_with_and_before_what_is_below_a_hundred(number: str, said: str) -> None:
    assert normalise.readings(number)[1] == said


@pytest.mark.parametrize("number", ["100", "1000", "1100", "20", "21"])
def test_there_is_no_and_where_nothing_below_a_hundred_follows_a_larger_word(number: str) -> None:
    assert all(" and " not in way for way in normalise.readings(number))


@pytest.mark.parametrize(
    ("number", "ways"),
    [
        ("0", ("zero", "oh")),
        ("007", ("zero zero seven", "oh oh seven", "zero oh seven")),
        (
            "1234567890",
            (
                "one two three four five six seven eight nine zero",
                "one two three four five six seven eight nine oh",
                "twelve thirty four fifty six seventy eight ninety",
            ),
        ),
    ],
)
def test_what_nobody_says_as_a_number_is_read_digit_by_digit(number: str, ways: tuple[str, ...]) -> None:
    assert normalise.readings(number) == ways


def test_a_phrase_of_many_numerals_has_a_bounded_number_of_readings() -> None:
    assert len(normalise.readings("305 305 305 305")) == normalise.MAX_READINGS


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("[unk]", ["[unk]"]),
        ("<eps>", ["[unk]"]),
        ("Hello", ["hello"]),
        ("well-known", ["well", "known"]),
        ("--", []),
        ("7", ["seven"]),
        ("20", ["twenty"]),
        ("42", ["forty", "two"]),
        ("305", ["three", "zero", "five"]),
        ("300", ["three", "hundred"]),
        ("2000", ["two", "thousand"]),
        ("4729", ["four", "seven", "two", "nine"]),
    ],
)
def test_a_word_that_a_recogniser_writes_is_heard_as_these(word: str, words: list[str]) -> None:
    assert normalise.heard(word) == tuple(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("snake_case", ["snake", "case"]),
        ("1,000,000", ["1000000"]),
        ("1,00", ["1", "00"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("he`ll he´ll heʼll he‘ll he’ll", ["he'll"] * 5),
        ("ÀÉ", ["àé"]),
    ],
)
def test_a_text_has_these_words(text: str, words: list[str]) -> None:
    assert normalise.words(text) == words


def test_only_latin_digits_are_numerals() -> None:
    assert normalise.readings("½") == normalise.readings("1⁄2")
    assert normalise.readings("١٢") == ("١٢",)
