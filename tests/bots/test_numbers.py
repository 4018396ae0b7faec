"""Spoken numbers in what a bot writes: none in captions or in the words of acts, also over the borders of utterances."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.messages import Utterance
from bots.numbers import HOLD_SECONDS, NumberMask, masked
from spacesctl.rules.numbers import Digits, Shape
from spacesctl.rules.rule_engine import JOIN_TICKS, Word
from spacesctl.rules.ruleset import Phrase

LANE = 3
PAUSE = 0.6


class Scene:
    """A lane that says utterances one after the other, on a clock of its own."""

    def __init__(self, *digits: Digits) -> None:
        self.posted: list[Utterance] = []
        self.now = 0.0
        self.at = 10.0
        self.mask = NumberMask(self.posted.append, lambda: self.now)
        self.mask.set_digits(digits or (Digits(),))

    def say(self, text: str, pause: float = PAUSE) -> Utterance:
        self.at += pause
        words = []
        for word in text.split():
            words.append(Word(word, self.at, self.at + 0.3, 0.9, round(self.at * 50), round((self.at + 0.3) * 50) - 1))
            self.at += 0.4
        said = Utterance(
            "s", LANE, words[0].start_tick, text, tuple(words), True, words[0].start_tick, words[-1].end_tick
        )
        self.mask.on_utterance(said)
        return said

    def whisper(self, text: str) -> None:
        """A partial result."""
        self.mask.on_utterance(Utterance("s", LANE, round(self.at * 50), text, (), False, 0, 0))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.mask.due()

    @property
    def finals(self) -> list[str]:
        return [one.text for one in self.posted if one.final]


def test_a_number_in_one_utterance_is_hidden_in_text_and_words() -> None:
    scene = Scene()
    said = scene.say("my card is four seven two nine one one thank you")
    assert scene.finals == ["my card is [number] thank you"]
    (posted,) = scene.posted
    (number,) = [word for word in posted.words if word.w == "[number]"]
    assert (number.start, number.end) == (said.words[3].start, said.words[8].end)
    assert (posted.start_tick, posted.end_tick, posted.utterance) == (said.start_tick, said.end_tick, said.utterance)


def test_digits_at_an_end_are_held_back_until_it_is_known_whether_they_are_a_number() -> None:
    scene = Scene()
    scene.say("hello there")
    scene.say("it is four seven two nine")
    assert scene.finals == ["hello there"]
    scene.say("one one eight five")
    assert scene.finals == ["hello there", "it is [number]", "[number]"]
    scene.say("three three zero one okay")
    assert scene.finals[3:] == ["[number] okay"]


@pytest.mark.parametrize("text", ["and that is all", "okay bye"])
def test_they_are_released_when_other_words_follow(text: str) -> None:
    scene = Scene()
    scene.say("we were four")
    scene.say("hello you all are late")
    assert scene.finals == ["we were four", "hello you all are late"]
    scene.say("four seven")
    scene.say(text)
    scene.wait(HOLD_SECONDS)
    assert scene.finals[2:] == ["four seven", text]


def test_they_are_released_after_a_while_but_not_while_something_follows() -> None:
    scene = Scene()
    scene.say("we were four")
    scene.wait(HOLD_SECONDS - 1)
    scene.whisper("five six")
    scene.wait(HOLD_SECONDS - 1)
    assert scene.finals == []
    scene.wait(1)
    assert scene.finals == ["we were four"]


def test_a_long_pause_ends_a_number() -> None:
    scene = Scene()
    scene.say("four seven two nine")
    scene.say("one one eight five", pause=JOIN_TICKS / 50 + 0.5)
    scene.wait(HOLD_SECONDS)
    assert scene.finals == ["four seven two nine", "one one eight five"]


def test_partial_results_show_no_number_either() -> None:
    scene = Scene()
    scene.whisper("it is four seven two nine one")
    scene.whisper("it is four seven two nine one one eight now")
    scene.say("four seven two nine")
    scene.whisper("one one eight")
    assert [one.text for one in scene.posted] == ["it is", "it is [number] now", "[number]"], (
        "digits are shown when they are no number"
    )
    scene.say("was that", pause=9)
    scene.whisper("we were four")
    scene.whisper("we were four people")
    assert [one.text for one in scene.posted][-2:] == ["we were", "we were four people"]


def test_without_such_rules_nothing_is_held_or_hidden() -> None:
    scene = Scene()
    scene.mask.set_digits(())
    said = scene.say("four seven two nine one one")
    assert scene.posted == [said]


def test_what_is_allowed_is_kept_once_it_is_known_to_be() -> None:
    scene = Scene(Digits(6, (Shape(8, after="order number"),)))
    scene.say("the order number is four seven two nine")
    scene.say("one one eight five")
    assert scene.finals == []
    scene.wait(HOLD_SECONDS)
    assert scene.finals == ["the order number is four seven two nine", "one one eight five"]
    scene.say("order number four seven two nine one one eight five three", pause=9)
    assert scene.finals[2:] == ["order number [number]"], "too long for what is allowed"


def test_words_of_acts_have_no_number_complete_or_not() -> None:
    scene = Scene()
    said = scene.say("you clown four seven two")
    assert [word.w for word in scene.mask.hidden(LANE, said.words)] == ["you", "clown", "[number]"]
    again = scene.say("nine one one clown")
    assert [word.w for word in scene.mask.hidden(LANE, again.words)] == ["[number]", "clown"]
    assert scene.mask.hidden(99, said.words) == said.words


def test_a_lane_that_is_forgotten_releases_what_it_holds() -> None:
    scene = Scene()
    scene.say("we were four")
    scene.mask.forget(LANE)
    assert scene.finals == ["we were four"]
    scene.mask.forget(LANE)


GROUPS = st.lists(st.integers(1, 5), min_size=3, max_size=8).filter(lambda sizes: 8 <= sum(sizes) <= 20)


@given(GROUPS, st.lists(st.sampled_from(("hello", "thanks for that", "my card is")), max_size=2))
def test_however_a_number_is_divided_no_digit_is_posted_and_nothing_else_is_lost(
    groups: Sequence[int], before: Sequence[str]
) -> None:
    scene = Scene()
    for text in before:
        scene.say(text)
    for size in groups:
        scene.say(" ".join(["seven"] * size))
        scene.wait(1.0)
    scene.say("goodbye to you all")
    scene.wait(HOLD_SECONDS)
    assert "seven" not in " ".join(scene.finals)
    assert scene.finals == [*before, *["[number]"] * len(groups), "goodbye to you all"]
    starts = [one.start_tick for one in scene.posted]
    assert starts == sorted(starts)


def test_a_run_of_secret_words_is_one_number_with_the_least_confidence() -> None:
    words = [Word(w, n, n + 0.5, 1 - n / 10, n * 50, n * 50 + 24) for n, w in enumerate(["a", "b", "c", "d"])]
    shown = masked(words, frozenset(words[1:3]))
    assert shown == (words[0], Word("[number]", 1, 2.5, 0.8, 50, 124), words[3])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("my card is forty seven twenty nine double", "one two two three three"),
        ("four seven two nine", "and one one eight five"),
        ("it is three sevens two nines", "one"),
    ],
)
def test_what_a_group_begins_with_is_held_back_too(first: str, second: str) -> None:
    scene = Scene()
    scene.say(first)
    scene.say(second)
    scene.wait(HOLD_SECONDS)
    assert "seven" not in " ".join(scene.finals).replace("[number]", "")
    assert all("[number]" in text for text in scene.finals)


def test_while_somebody_talks_on_what_is_held_back_is_held_on() -> None:
    scene = Scene()
    scene.say("four seven two nine")
    for _ in range(4):
        scene.mask.heard([LANE, 99])
        scene.wait(HOLD_SECONDS - 1)
    assert scene.finals == [], "partial results may be given up, the sound is not"
    scene.say("one one eight five")
    assert scene.finals == ["[number]", "[number]"]


@pytest.mark.parametrize(("run", "count"), [(32, 34), (6, 24)])
def test_a_long_number_said_digit_by_digit_leaves_none(run: int, count: int) -> None:
    scene = Scene(Digits(run, (Shape(20, prefix="77"),) if run == 6 else ()))
    for _ in range(count):
        scene.say("seven")
        scene.wait(0.5)
    scene.wait(HOLD_SECONDS)
    assert set(scene.finals) == {"[number]"}


def test_evidence_leaves_out_the_ticks_of_numbers_complete_or_not() -> None:
    scene = Scene()
    assert scene.mask.stretches(LANE) == ()
    said = scene.say("you clown four seven two")
    assert scene.mask.stretches(LANE) == ((said.words[2].start_tick - 5, said.words[4].end_tick + 5),)
    scene.say("hello you there and there", pause=5)
    assert scene.mask.stretches(LANE) == ()


def test_a_number_within_an_exception_is_shown_and_a_longer_one_is_not() -> None:
    scene = Scene()
    known = Phrase("nine one one nine one one", ("nine one one nine one one",), 1)
    scene.mask.set_digits((Digits(),), (known,))
    scene.say("call nine one one nine one one now please")
    scene.say("no call nine one one nine one one two now please")
    assert scene.finals == ["call nine one one nine one one now please", "no call [number] now please"]
