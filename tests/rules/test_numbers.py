"""Spoken numbers: found however they are said, and not where years, prices and short numbers are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules import numbers
from spacesctl.rules.match import Matcher
from spacesctl.rules.numerals import _cardinal
from spacesctl.rules.rulefile import compile_rules, parse

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CARD = "four one one one one one one one one one one one one one one one"


def found(text: str) -> list[str]:
    return [one.digits for one in numbers.find(text.split())]


def hits(said: str, digits: str = "{ run = 6 }", *, closed: bool = True) -> list[str]:
    """The words that a rule with this condition finds."""
    rules = compile_rules(
        f'schema = 1\n[[rule]]\nid = "n"\nwhen.any = [{{ digits = {digits} }}]\nactions = ["redact"]\n'
    )
    words = said.split()
    return [" ".join(words[hit.first : hit.last + 1]) for hit in Matcher(rules.rules).find(words, closed=closed)]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four seven two nine one one", "472911"),
        ("forty seven twenty nine eleven eighty five", "47291185"),
        ("forty seven um twenty nine uh well eleven", "472911"),
        ("double four triple seven oh", "447770"),
        ("treble nine o nought naught", "999000"),
        ("forty five hundred twelve thirty four", "451234"),
        ("four hundred and twelve five five five", "412555"),
        ("nineteen oh five twenty", "190520"),
        ("four seven two for nine one", "472491"),
        ("four seven two to nine one", "472291"),
        ("four seven two banana nine one one", "472911"),
        ("one two three dash four five six", "123456"),
        ("four seven two nine one one and then five five", "47291155"),
        ("four seven two nine one one no for five five", "4729110455"),
        ("four seven two nine and one one two two and three three four four", "472911223344"),
        ("four seven two nine okay um so one one two two yes right then three three", "4729112233"),
        ("four sevens two nines three ones", "777799111"),
        ("quadruple four triple nine", "4444999"),
        ("four a seven a two a nine a one a one", "472911"),
        ("two w four [unk] six seven eight nine", "246789"),
    ],
)
def test_a_number_is_found_however_it_is_said(said: str, digits: str) -> None:
    assert found(said) == [digits]
    assert hits(f"my number is {said} thank you") == [said]


@pytest.mark.parametrize(
    "said",
    [
        "in nineteen eighty four",
        "from nineteen eighty four to nineteen ninety one",
        "in two thousand and one or two thousand and twenty five",
        "on the twenty third of march twenty twenty six",
        "it costs one hundred and twenty three thousand four hundred and fifty six dollars",
        "nineteen dollars ninety nine or twenty five fifty with shipping",
        "two million five hundred thousand people",
        "call me at nine thirty or ten forty five",
        "i have two dogs three cats and four birds",
        "one two three and four five six",
        "nineteen ninety nine and twenty five fifty",
        "the code is four seven two nine one",
        "chapter eleven page one hundred twelve",
        "at ten to five for four people",
        "two thousand five hundred and three thousand four hundred",
        "seven hundred and forty seven",
    ],
)
def test_years_dates_prices_and_short_numbers_are_none(said: str) -> None:
    assert hits(said) == []


def spoken(digits: str, sizes: list[str]) -> list[str]:
    """Say digits one by one, in pairs or with `double`, as the sizes ask for in turn."""
    words, at, turn = list[str](), 0, 0
    while at < len(digits):
        how, turn = sizes[turn % len(sizes)], turn + 1
        pair = digits[at : at + 2]
        if how == "double" and len(pair) == 2 and pair[0] == pair[1]:
            words += ["double", ONES[int(pair[0])]]
            at += 2
        elif (
            how == "pair"
            and len(pair) == 2
            and pair >= "10"
            and (pair[1] != "0" or digits[at + 2 : at + 3] in ("", "0"))
        ):
            words += _cardinal(int(pair))
            at += 2
        else:
            words.append("oh" if how == "oh" and pair[0] == "0" else ONES[int(pair[0])])
            at += 1
    return words


@given(
    st.text("0123456789", min_size=6, max_size=32),
    st.lists(st.sampled_from(("one", "pair", "double", "oh")), min_size=1, max_size=8),
    st.lists(st.sampled_from(("please", "the", "money", "of", "is")), max_size=5),
)
def test_any_way_to_say_digits_gives_them_back(digits: str, sizes: list[str], around: list[str]) -> None:
    said = spoken(digits, sizes)
    words = [*around, *said, *around]
    (number,) = numbers.find(words)
    assert number.digits == digits
    assert (number.first, number.last) == (len(around), len(around) + len(said) - 1)


@given(
    st.lists(
        st.sampled_from([*ONES, "forty", "double", "um", "to", "and", "hundred", "thousand", "cat", "b"]), max_size=30
    )
)
def test_numbers_are_in_order_and_do_not_overlap(words: list[str]) -> None:
    found = numbers.find(words)
    assert all(0 <= one.first <= one.last < len(words) and one.digits.isdigit() for one in found)
    assert all(one.last < other.first for one, other in pairwise(found))


@given(st.lists(st.sampled_from([*ONES, "forty", "double", "um", "to", "cat", "b"]), max_size=30))
def test_what_was_a_number_in_a_partial_result_is_inside_one_later(words: list[str]) -> None:
    later = numbers.find(words)
    for end in range(len(words)):
        for one in numbers.find(words[:end]):
            assert any(other.first <= one.first and one.last <= other.last for other in later)


@given(st.integers(1, 999_999_999))
def test_an_amount_is_never_a_number(amount: int) -> None:
    assert hits(" ".join(_cardinal(amount))) == []
    (one,) = numbers.find(_cardinal(amount))
    assert one.digits == str(amount)
    assert not one.said_in_parts


@pytest.mark.parametrize(
    ("said", "allow", "touched"),
    [
        ("my order number is four seven two nine one one", '{ after = "order number" }', False),
        ("my order number is um well four seven two nine one one", '{ after = "order number" }', False),
        ("my card number is four seven two nine one one", '{ after = "order number" }', True),
        ("four nine two nine one one five", '{ prefix = "49" }', False),
        ("five nine two nine one one five", '{ prefix = "49" }', True),
        ("four nine two nine one one five", "{ length = 7 }", False),
        ("four nine two nine one one five six", "{ length = 7 }", True),
        ("four nine two nine one one", "{ length = 7 }", True),
        ("order number four nine two nine one one five", '{ length = 6, after = "order number" }', True),
        ("order number four nine two nine one one", '{ length = 8, after = "order number" }', False),
        ("four nine two nine one one", '{ length = 6, prefix = "5" }, { length = 6, prefix = "4" }', False),
    ],
)
def test_allowed_shapes_are_heard(said: str, allow: str, touched: bool) -> None:
    assert bool(hits(said, f"{{ run = 6, allow = [{allow}] }}")) is touched


@pytest.mark.parametrize(
    ("said", "touched"),
    [
        ("four nine two nine one one", False),
        ("four nine two nine one one five um", False),
        ("four nine two nine one one thank you very much", True),
        ("four nine two nine one one five six", True),
    ],
)
def test_a_number_that_may_still_become_an_allowed_one_is_waited_for(said: str, touched: bool) -> None:
    assert bool(hits(said, "{ run = 6, allow = [{ length = 7 }] }", closed=False)) is touched


@pytest.mark.parametrize(
    ("said", "label"),
    [
        (CARD, "card number"),
        (CARD.replace("four", "five"), "16 digits"),
        ("d e eight nine three seven oh four oh oh four four oh five three two oh one three oh oh oh", "IBAN"),
        ("d e nine nine three seven oh four oh oh four four oh five three two oh one three oh oh oh", "20 digits"),
        ("four seven two nine one one", "6 digits"),
    ],
)
def test_check_digits_only_label_a_number(said: str, label: str) -> None:
    words = said.split()
    (number,) = numbers.find(words)
    assert number.label(words) == label


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("{ run = 3 }", "`run` is 3"),
        ("{ run = 33 }", "`run` is 33"),
        ("{ runs = 6 }", "unknown key `runs`"),
        ("{ allow = [{}] }", "an empty table allows every number"),
        ('{ allow = [{ prefix = "4x" }] }', "`prefix` is '4x'"),
        ("{ allow = [{ prefix = 4 }] }", "`prefix` is 4"),
        ('{ allow = [{ after = "..." }] }', "has no word in it"),
        ("{ allow = [{ length = true }] }", "`length` is not a whole number"),
        ('{ allow = [{ length = 4, prefix = "49123" }] }', "no number of 4 digits begins with 49123"),
        ("{ allow = 7 }", "`allow` is not a list"),
        ("6", "`digits` is not a table"),
        (f"{{ allow = [{', '.join(['{ length = 7 }'] * 51)}] }}", "more than 50 kinds"),
    ],
)
def test_a_bad_condition_is_refused_with_its_line(condition: str, problem: str) -> None:
    text = f'schema = 1\n[[rule]]\nid = "n"\nwhen.any = [\n  {{ digits = {condition} }}\n]\nactions = ["redact"]\n'
    _, problems = parse(text)
    (error,) = [one for one in problems if one.level == "error"]
    assert problem in error.message
    assert error.line == 5


def test_a_file_has_few_of_these_conditions() -> None:
    """Each is looked for in every result of every lane, also of other hosts."""
    rule = '[[rule]]\nid = "n%d"\nwhen.any = [ { digits = { run = %d } } ]\nactions = ["redact"]\n'
    assert parse("schema = 1\n" + "".join(rule % (n, 6 + n) for n in range(8)))[0] is not None
    _, problems = parse("schema = 1\n" + "".join(rule % (n, 6 + n) for n in range(9)))
    assert "more than 8 conditions `digits`" in problems[0].message
