"""The second recognition itself: with scripted recognisers, and with the shipped model and real sound."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache

import pytest

from bots.hearing.feed import WARM_UP
from bots.hearing.messages import Confirm
from bots.hearing.recogniser import Capabilities, HeardWord, ScriptedRecogniser
from bots.hearing.rings import KEPT, MOST_LANES, Rings
from bots.hearing.second_pass import MARGIN, MOST_TICKS, SecondPass, sound
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import SILENCE
from spacesctl.rules.normalise import UNKNOWN
from tests.bots.voices import PEOPLE, engine, frames_of, person

FRAME_BYTES = 640


class Said(ScriptedRecogniser):
    """One that says these texts of any stretch, and with a grammar the first phrase of it that is in `prefers`."""

    def __init__(
        self, *texts: str, prefers: Sequence[str] = (), grammar: bool = True, words: Collection[str] = ()
    ) -> None:
        super().__init__([HeardWord(word, 0, 0, 1) for word in words])
        self._texts = texts
        self._prefers = prefers
        self.capabilities = Capabilities(partial_times=True, confidence=True, endpoints=True, grammar=grammar)
        self.offered = list[str]()

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        if not among:
            return self._texts[:most]
        self.offered = list(among)
        return (next((each for each in self._prefers if each in among), UNKNOWN),)


def asked(*phrases: str, written: str = "") -> Confirm:
    return Confirm(1, [(tick, FLAG_ACTIVE, SILENCE) for tick in range(10)], 0, list(phrases), written or phrases[0])


@pytest.mark.parametrize(
    ("second", "heard"),
    [
        (Said("you kill yourself now", prefers=["kill yourself"]), True),
        (Said("you know", "you kill yourself", prefers=["kill yourself"]), True),
        (Said("kill um yourself", prefers=["kill yourself"]), True),
        (Said("you know it", prefers=["kill yourself"]), False),
        (Said("kill yourself", prefers=["kit yourself", "kill yourself"], words=["kit"]), False),
        (Said("kill yourself", prefers=[]), False),
        (Said("kill yourself", grammar=False), True),
        (Said("kit yourself", grammar=False), False),
    ],
)
def test_a_phrase_has_to_be_heard_alone_and_to_win_against_what_sounds_like_it(second: Said, heard: bool) -> None:
    assert SecondPass(second).hears(asked("kill yourself")) is heard


def test_what_only_sounds_like_it_has_to_win_against_what_was_written() -> None:
    written = "crib toe give away"
    for prefers, heard in ((["crypto giveaway"], True), ([written, "crypto giveaway"], False)):
        second = Said(written, prefers=prefers)
        assert SecondPass(second).hears(asked("crypto giveaway", written=written)) is heard
        assert second.offered[0] == "crypto giveaway"
        assert {written, "crib", "away"} <= set(second.offered)


def test_words_of_the_model_that_sound_alike_are_offered_in_their_place() -> None:
    second = Said("kill yourself", words=["kill", "kit", "gull", "hill", "yourself", "weather"])
    SecondPass(second).hears(asked("kill yourself"))
    assert {"gull yourself", "kit yourself"} <= set(second.offered)
    assert not any("weather" in each for each in second.offered)


def test_a_stretch_has_its_gaps_and_ends_somewhere() -> None:
    frames = [(tick, FLAG_ACTIVE, SILENCE) for tick in (0, 1, 5, 6, 9)]
    assert len(sound(frames, 5)) == 5 * FRAME_BYTES, "5 to 9"
    assert len(sound([(0, 0, SILENCE), (1 << 30, 0, SILENCE)], 0)) <= (MOST_TICKS + 1) * FRAME_BYTES
    assert sound([], 0) == b""
    assert len(sound([(3, FLAG_ACTIVE, b"\xff\xff\xff no opus")], 3)) == FRAME_BYTES


def test_rings_keep_the_last_seconds_of_the_spaces_that_want_it() -> None:
    rings = Rings()
    rings.frame("s", 1, (0, 0, b""))
    assert not rings
    rings.keep("s", on=True)
    assert rings
    for tick in range(100, 100 + KEPT + 50):
        rings.frame("s", 1, (tick, 0, b""))
    assert rings.cut("s", 1, 149, 160) == [], "its beginning is gone"
    assert [frame[0] for frame in rings.cut("s", 1, 200, 202, before=3)] == list(range(197, 203))
    assert rings.cut("s", 2, 200, 202) == rings.cut("t", 1, 200, 202) == []
    for lane in range(2, 2 + MOST_LANES):
        rings.frame("s", lane, (0, 0, b""))
    assert rings.cut("s", 1, 200, 202) == [], "the oldest lane was forgotten"
    assert rings.cut("s", 2, 0, 0)
    rings.keep("s", on=False)
    assert not rings.cut("s", 2, 0, 0)


@cache
def real() -> SecondPass:
    return SecondPass(engine()())


@pytest.fixture(scope="module", autouse=True)
def freed() -> Iterator[None]:
    """vosk frees nothing any more when Python ends."""
    yield
    real.cache_clear()


def confirms(who: tuple[str, str], start: float, end: float, phrase: str, written: str = "") -> bool:
    """Whether the shipped model confirms the phrase in these seconds of a shipped clip."""
    first, last = round(start * 50), round(end * 50)
    begin = max(0, first - MARGIN)
    frames = [(tick, *frame) for tick, frame in enumerate(frames_of(*who))]
    cut = frames[max(0, begin - WARM_UP) : last + MARGIN + 1]
    return real().hears(Confirm(1, cut, begin, [phrase], written or phrase))


SAID = [
    ((cast, handle), one.start, one.end, one.text)
    for cast, handle in PEOPLE
    for one in person(cast, handle).phrases
    if one.rule != "numbers"
]
"""Who, from which second to which, and what: the phrases of the shipped clips."""


@pytest.mark.parametrize(("who", "start", "end", "phrase"), SAID)
def test_what_was_said_is_confirmed(who: tuple[str, str], start: float, end: float, phrase: str) -> None:
    assert confirms(who, start, end, phrase)


def look_alikes(phrase: str) -> list[str]:
    """The phrase with one word that sounds like its own and is in the model."""
    words = phrase.split()
    return [
        " ".join([*words[:at], other, *words[at + 1 :]])
        for at, word in enumerate(words)
        for other in real()._alike(word)
        if len(words) > 1
    ]


@pytest.mark.parametrize(("who", "start", "end", "phrase"), SAID)
def test_a_look_alike_that_was_not_said_is_not_confirmed(
    who: tuple[str, str], start: float, end: float, phrase: str
) -> None:
    """Neither as a word that the first recognition has written nor as one that what it has written sounds like."""
    for other in look_alikes(phrase):
        assert not confirms(who, start, end, other), other
        assert not confirms(who, start, end, other, phrase), other


def test_what_was_said_and_written_as_something_like_it_is_mostly_confirmed() -> None:
    heard = [confirms(*one, other) for one in SAID for other in look_alikes(one[3])]
    assert len(heard) >= 20
    assert sum(heard) >= 0.8 * len(heard)
