"""Word error rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.wer import Errors, word_error_rate, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("", "", Errors(0, 0, 0, 0)),
        ("a b c", "a b c", Errors(0, 0, 0, 3)),
        ("a b c", "a x c", Errors(1, 0, 0, 3)),
        ("a b c", "a c", Errors(0, 1, 0, 3)),
        ("a c", "a b c", Errors(0, 0, 1, 2)),
        ("a b", "", Errors(0, 2, 0, 2)),
        ("the cat sat", "cat sat down", Errors(0, 1, 1, 3)),
    ],
)
def test_errors_are_told_apart(said: str, heard: str, errors: Errors) -> None:
    assert word_errors(said.split(), heard.split()) == errors


def test_the_rate_counts_edits_per_word_said() -> None:
    assert word_error_rate("Send me your password", "send me a password now") == 0.5
    assert word_error_rate("", "noise") == 1.0
    assert word_error_rate("", "") == 0.0


def test_errors_add_up_over_texts() -> None:
    assert (Errors(1, 0, 0, 4) + Errors(0, 2, 1, 4)).rate == 0.5


_words = st.lists(st.sampled_from("abc"), max_size=8)


@given(_words, _words)
def test_it_is_a_distance(said: list[str], heard: list[str]) -> None:
    there, back = word_errors(said, heard), word_errors(heard, said)
    assert there.count == back.count
    assert (there.count == 0) == (said == heard)
    assert abs(len(said) - len(heard)) <= there.count <= max(len(said), len(heard))
    assert there.inserted - there.deleted == len(heard) - len(said)
