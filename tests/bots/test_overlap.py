"""Speech that is cut without a pause: no word is lost at the border, none is there twice, and phrases over it stay armed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.arming import Watch
from bots.hearing.lane import FRAME_BYTES, HARD_CAP, LanePipeline
from bots.hearing.messages import Armed, Disarmed, Heard, Utterance
from bots.hearing.overlap import AGAIN, Overlap
from bots.hearing.recogniser import Capabilities, HeardWord, Result
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.rulefile import compile_rules

Script = Sequence[tuple[str, int, int]]


class TickRecogniser:
    """Hears a word when all of its ticks were fed since the last final result, and a piece of it, `<word>-`, when some were not.
    Each frame holds its tick and one more; silence holds nothing."""

    capabilities = Capabilities(partial_times=False, confidence=True, endpoints=False)

    def __init__(self, script: Script) -> None:
        self._script = script
        self._frames: list[int] = []
        self._before = 0

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        self._frames += [int.from_bytes(pcm[at : at + 4], "big") - 1 for at in range(0, len(pcm), FRAME_BYTES)]
        return Result(" ".join(word.text for word in self._words(done=max(self._frames))), (), final=False)

    def timed(self) -> tuple[HeardWord, ...]:
        return ()

    def begin(self) -> None:
        """Nothing was heard before."""

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        return ("",)

    def vocabulary(self) -> Sequence[str]:
        return ()

    def finish(self) -> Result:
        words = self._words(done=1 << 30)
        self._before += len(self._frames)
        self._frames = []
        return Result(" ".join(word.text for word in words), tuple(words), final=True)

    def _words(self, done: int) -> list[HeardWord]:
        found = []
        for text, first, last in self._script:
            fed = [n for n, tick in enumerate(self._frames) if first <= tick <= last]
            if fed and last <= done:
                whole = len(fed) == last - first + 1
                times = ((self._before + fed[0]) / 50, (self._before + fed[-1] + 1) / 50)
                found.append(HeardWord(text if whole else f"{text}-", *times, 0.9))
        return found


class Undecoded(LanePipeline):
    """Its packets are the first bytes of frames."""

    def _decode(self, flags: int, payload: bytes) -> bytes:
        return payload.ljust(FRAME_BYTES, b"\0")


def heard(script: Script, ticks: int, *phrases: str) -> list[Heard]:
    words = ", ".join(f'"{phrase}"' for phrase in phrases)
    rule = f'[[rule]]\nid = "a"\nmode = "enforce"\nwhen.any = [{{ words = [{words}] }}]\nactions = ["redact"]\n'
    lane = Undecoded("s", 1, TickRecogniser(script), Watch(compile_rules(f"schema = 1\n{rule}").redacting()))
    found = [each for tick in range(ticks) for each in lane.frame(tick, FLAG_ACTIVE, (tick + 1).to_bytes(4, "big"))]
    return found + list(lane.rest())


def finals(found: list[Heard]) -> list[Utterance]:
    return [each for each in found if isinstance(each, Utterance) and each.final]


def talk(length: int, gap: int, ticks: int) -> Script:
    return [
        (f"w{n}", at, at + length - 1) for n, at in enumerate(range(0, ticks, length + gap)) if at + length <= ticks
    ]


@pytest.mark.parametrize(("length", "gap"), [(20, 5), (12, 0), (31, 2), (60, 0), (7, 1)])
def test_a_monologue_is_cut_and_nothing_of_it_is_lost_or_said_twice(length: int, gap: int) -> None:
    script = talk(length, gap, 1500)
    found = finals(heard(script, 1500, "never"))
    words = [word for each in found for word in each.words]
    assert [(word.w, word.start_tick, word.end_tick) for word in words] == list(script)
    assert [word for each in found for word in each.text.split()] == [word.w for word in words]
    assert max(each.end_tick - each.start_tick for each in found) <= HARD_CAP + AGAIN
    numbers = [each.utterance for each in found]
    assert numbers == sorted(set(numbers))
    assert len(found) > 2


def test_partial_texts_begin_behind_what_the_utterance_before_has() -> None:
    said = {text: n for n, (text, _, _) in enumerate(talk(20, 5, 1500))}
    last = -1
    for each in heard(talk(20, 5, 1500), 1500, "never"):
        assert isinstance(each, Utterance)
        places = [said[word] for word in each.text.split() if not word.endswith("-")]
        assert all(place > last for place in places), "a word of the utterance before"
        last = max(places, default=last) if each.final else last


@pytest.mark.slow
@given(st.integers(HARD_CAP - 90, HARD_CAP + 60), st.integers(8, 30), st.integers(8, 30))
def test_a_phrase_at_any_place_around_the_border_is_redacted_to_its_words(begin: int, one: int, two: int) -> None:
    before = [("so", at, at + 14) for at in range(0, begin - 14, 15)]
    phrase = [("stupid", begin, begin + one - 1), ("clown", begin + one, begin + one + two - 1)]
    after = [("go", at, at + 14) for at in range(begin + one + two, 700, 15)]
    found = heard([*before, *phrase, *after], 720, "stupid clown")
    arms = [each for each in found if isinstance(each, Armed)]
    gone = {each.number for each in found if isinstance(each, Disarmed)}
    kept = {each.number: each for each in arms if each.number not in gone}
    (last,) = kept.values()
    assert last.final
    assert begin - 5 <= last.first_tick <= begin
    assert phrase[1][2] <= last.last_tick <= phrase[1][2] + 5
    early = next(each for each in arms if each.number == last.number)
    assert early.first_tick <= begin


def test_a_phrase_that_was_armed_before_the_cut_stays_armed_until_the_rest_is_heard() -> None:
    begin = HARD_CAP - 30
    script = [("stupid", begin, begin + 9), ("clown", begin + 10, begin + 19)]
    arms = [each for each in heard(script, 600, "stupid clown") if not isinstance(each, Utterance)]
    assert [type(each) for each in arms] == [Armed, Armed], "it is not given back in between"
    assert {(each.utterance, each.number) for each in arms} == {(0, 1)}


def word(text: str, first: int, last: int) -> Word:
    return Word(text, first / 50, (last + 1) / 50, 0.9, first, last)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("my channel for", "for"),
        ("end my channel for free", "for free"),
        ("channel for", "for"),
        ("my", "my"),
        ("", ""),
        ("something else and a channel", "something else and a channel"),
    ],
    ids=["all", "after a piece", "the last", "not there yet", "nothing", "too far away"],
)
def test_a_partial_text_loses_the_words_that_were_said_before(text: str, rest: str) -> None:
    overlap = Overlap()
    for tick in range(200):
        overlap.fed(tick, b"")
    again = overlap.begin(162, [word("friend", 90, 120), word("my", 130, 140), word("channel", 141, 158)])
    assert [tick for tick, _ in again] == list(range(125, 200))
    assert overlap.without_earlier(text) == rest
    overlap.end()
    assert overlap.without_earlier(text) == text
