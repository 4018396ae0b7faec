"""What was redacted is masked in captions: half of a word is a word, and runs of words become one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import events as e
from spacesctl.domain.redaction import ALL_LANES, Redaction
from spacesctl.live.masks import KEPT, REDACTED, Masks

WORDS = ["one", "two", "three", "four", "five"]
"""Each takes half a second, from second 10 on."""


def caption(lane: int = 7, words: list[str] = WORDS) -> dict[str, Any]:
    timed = [{"w": w, "start": 10 + n / 2, "end": 10.5 + n / 2, "conf": 0.9} for n, w in enumerate(words)]
    return {"lane": lane, "text": " ".join(words), "start_tick": 500, "end_tick": 624, "words": timed}


def redaction(first: int, last: int, lane: int = 7, name: str = "r1") -> Redaction:
    return Redaction(name, lane, "ann", first, last, "silence", {})


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (525, 549, "one [redacted] three four five"),
        (520, 554, "one [redacted] three four five"),  # a tenth of each neighbour
        (512, 549, "[redacted] three four five"),  # half of the first word
        (525, 599, "one [redacted] five"),
        (500, 624, "[redacted]"),
        (0, 499, "one two three four five"),
        (530, 534, "one two three four five"),  # a fifth of a word
    ],
)
def test_words_of_which_half_is_redacted_are_masked(first: int, last: int, text: str) -> None:
    shown = Masks([redaction(first, last)]).caption(caption())
    assert shown["text"] == text
    assert [word["w"] for word in shown["words"]] == text.split()


def test_a_redaction_of_all_lanes_masks_each_and_one_of_another_lane_none() -> None:
    assert Masks([redaction(500, 624, ALL_LANES)]).caption(caption())["text"] == REDACTED
    assert Masks([redaction(500, 624, 8)]).caption(caption())["text"] == " ".join(WORDS)


def test_a_text_without_word_times_is_masked_as_a_whole() -> None:
    shown = Masks([redaction(525, 549)]).caption({**caption(), "words": []})
    assert (shown["text"], shown["words"]) == (REDACTED, [])


def test_masks_follow_what_happens_to_redactions() -> None:
    masks = Masks()
    masks.take(e.RedactionMade(redaction(525, 549), 400))
    assert REDACTED in masks.caption(caption())["text"]
    masks.changed(redaction(550, 574))
    assert masks.caption(caption())["text"] == "one two [redacted] four five"
    masks.take(e.RedactionWithdrawn("r1"))
    assert masks.caption(caption())["text"] == " ".join(WORDS)


def test_only_the_newest_are_remembered_of_a_live_space() -> None:
    masks = Masks(most=KEPT)
    for number in range(KEPT + 10):
        masks.take(e.RedactionMade(redaction(number * 10, number * 10 + 5, name=f"r{number}"), 0))
    assert not masks.touches(7, 0, 5)
    assert masks.touches(7, (KEPT + 9) * 10, (KEPT + 9) * 10)


@given(st.integers(480, 640), st.integers(0, 160))
def test_no_masked_caption_shows_a_word_that_is_wholly_redacted(first: int, length: int) -> None:
    shown = Masks([redaction(first, first + length)]).caption(caption())
    for number, word in enumerate(WORDS):
        begins = 500 + number * 25
        if first <= begins and begins + 24 <= first + length:
            assert word not in shown["text"].split()
            assert word not in [one["w"] for one in shown["words"]]


def test_a_word_that_takes_no_time_is_masked_where_it_stands() -> None:
    body = caption(words=["one"]) | {"words": [{"w": "one", "start": 10.6, "end": 10.6, "conf": 1.0}]}
    assert Masks([redaction(525, 549)]).caption(body)["text"] == REDACTED


def test_a_number_that_is_masked_already_stays_one_and_joins_nothing() -> None:
    masks = Masks([redaction(500, 624)])
    assert masks.caption(caption(words=["one", "[number]", "two"]))["text"] == "[redacted] [number] [redacted]"
    assert masks.numbers(7) == []
    assert Masks([replace(redaction(500, 510), number=True)]).numbers(7) == [(500, 510)]
