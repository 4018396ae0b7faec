"""Speaking by typing: what others are told of the keys."""

from __future__ import annotations

import pytest

from spacesctl.cli.typing_aloud import MOST, TELL_EVERY, Typing

Told = list[tuple[str, bool]]


def typed(*steps: tuple[str, float]) -> tuple[Told, Typing]:
    """What is told when these keys are pressed, each at its time."""
    told: Told = []
    typing = Typing(lambda text, final: told.append((text, final)))
    for key, now in steps:
        typing.press(key)
        typing.due(now)
    return told, typing


def test_characters_are_told_together_within_half_a_second() -> None:
    told, _ = typed(("h", 0.0), ("e", 0.1), ("y", 0.2), ("!", TELL_EVERY))
    assert told == [("h", False), ("hey!", False)]
    assert TELL_EVERY < 0.5


def test_enter_says_it_and_begins_anew() -> None:
    told, typing = typed(("h", 0.0), ("i", 0.1), ("\r", 0.2), ("\r", 0.3), ("y", 1.0))
    assert told == [("h", False), ("hi", True), ("y", False)]
    assert typing.said == 1


def test_what_is_taken_back_is_told_and_what_is_left_at_the_end_too() -> None:
    told, typing = typed(("h", 0.0), ("\x7f", 1.0), ("o", 2.0))
    typing.ends()
    assert told == [("h", False), ("", False), ("o", False), ("", False)]


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_a_key_ends_it(key: str) -> None:
    assert Typing(lambda *_: None).press(key) is False


def test_keys_that_write_nothing_and_too_many_are_left_out() -> None:
    _, typing = typed(("\x1b", 0.0), *[("x", 0.0)] * (MOST + 9))
    assert typing.text == "x" * MOST
