"""Hostile characters: all that Unicode says act on the text around them, and none that a language needs."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.support import text as texts

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
PERSIAN, CODER, SCOTLAND = (
    "می\u200cخواهم",
    "👩\u200d💻 hours",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
)
FOUND = json.loads((Path(__file__).parents[1] / "found" / "hostile-text.json").read_text())
ANY = st.text(
    st.one_of(
        st.characters(), st.sampled_from("\x1b\x9b\u202e\u2069\u200f\u2028\ufeff\u200c\u200d🏴\U000e0067\U000e007f")
    )
)


def acts(char: str) -> bool:
    """What the standard library's table says of a character, told in another way than the code tells it."""
    return (
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(char) in BIDI
        or char in "\u200e\u200f\u061c"
    )


def test_every_control_and_every_bidi_character_is_hostile() -> None:
    for number in range(0x110000):
        if acts(chr(number)):
            assert texts.hostile(f"a{chr(number)}b") == chr(number), texts.code_point(chr(number))


def test_no_letter_mark_digit_sign_or_emoji_is_hostile() -> None:
    for number in range(0x110000):
        if (
            unicodedata.category(chr(number))[0] in "LMNPS"
            or chr(number) in " \u00a0\u3000\u00ad\u200b\u200c\u200d\u2060"
        ):
            assert texts.hostile(chr(number)) is None, hex(number)


@pytest.mark.parametrize(
    "text",
    [
        "Office hours",
        PERSIAN,
        CODER,
        f"go {SCOTLAND}",
        "❤️",
        "🇩🇪",
        "ש\u05b8\u05c1",
        "नमस्ते",
        "ก็",
        "e\u0301",
        "葛\U000e0100",
        "$5 off (50%)",
    ],
)
def test_what_people_write_stays_whole(text: str) -> None:
    assert texts.fault(text) is None
    assert texts.clean(text) == texts.one_line(text) == texts.without(text) == text


@pytest.mark.parametrize(
    "text",
    [" ", "\u200b", "\u200d\u200c", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00a0\u3000", "\u0301", "\ufe0f",
     "\u00ad", "\u034f", "\u2060", "\n\t"],
)  # fmt: skip
def test_nothing_visible_is_refused(text: str) -> None:
    assert texts.fault(text, lines=True) == "has nothing visible in it"


def test_the_fault_names_the_character_and_does_not_show_it() -> None:
    assert texts.fault("ab\u202ec") == "has the character U+202E, which is not allowed"
    assert texts.fault("a\nb") == "has the character U+000A, which is not allowed"
    assert texts.fault("a\n\tb", lines=True) is None
    assert texts.fault("a\rb", lines=True) == "has the character U+000D, which is not allowed"
    assert texts.fault("") is None


def test_tags_are_allowed_in_flags_alone() -> None:
    assert texts.hostile("🏴\U000e0067") == "\U000e0067"
    assert texts.hostile(f"{SCOTLAND}\U000e0061") == "\U000e0061"
    assert texts.clean(f"{SCOTLAND}\U000e0061") == f"{SCOTLAND}\ufffd"


def test_marks_are_not_heaped() -> None:
    assert texts.fault("a" + "\u0301" * texts.MOST_MARKS) is None
    assert texts.fault("a" + "\u0301" * (texts.MOST_MARKS + 1)) == "has more than 8 marks on one letter"


@pytest.mark.parametrize("between", ["\u200c", "\u200d", "\u2060", "\u1cf7", "\ufe0f"], ids=ascii)
def test_what_has_no_width_begins_no_new_letter(between: str) -> None:
    assert texts.fault("a" + ("\u0301" * 8 + between) * 7) == "has more than 8 marks on one letter"
    assert texts.fault("a" + ("\u0301" * 8 + "b") * 7) is None


def test_a_notehead_that_draws_nothing_is_not_visible() -> None:
    assert texts.fault("\U0001d159") == "has nothing visible in it"


@pytest.mark.parametrize("one", FOUND, ids=lambda one: ascii(one["text"]))
def test_the_texts_that_were_found(one: dict[str, str]) -> None:
    assert (texts.fault(one["text"]) is not None) is one["right"].startswith("refused")


@given(ANY)
def test_a_clean_text_has_nothing_hostile_and_lost_nothing_else(text: str) -> None:
    shown = texts.clean(text)
    assert len(shown) == len(text)
    assert texts.hostile(shown, lines=True) is None
    assert not any(acts(char) for char in shown if char not in "\n\t")
    assert all(before == after or after == texts.REPLACEMENT for before, after in zip(text, shown, strict=True))
    assert texts.clean(shown) == shown
    assert not set("\n\t") & set(texts.one_line(text))
    assert texts.hostile(texts.without(text)) in (None, *texts.without(text))


@given(ANY)
def test_a_text_without_fault_is_shown_as_it_is(text: str) -> None:
    if texts.fault(text, lines=True) is None:
        assert texts.clean(text) == text
