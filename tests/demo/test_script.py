"""Who says what when in the demo."""

import pytest

from bots import casts
from spacesctl.audio.ogg import SILENCE
from spacesctl.demo.script import LAST_WORDS, PAUSE, read, turns
from tests.typed import sure

HOST = read(casts.load("cast_a").host)


def test_a_clip_is_said_again_after_a_pause() -> None:
    first = list(HOST.packets)
    assert [HOST.packet(tick) for tick in range(len(first))] == first
    assert {HOST.packet(len(first) + tick) for tick in range(PAUSE)} == {SILENCE}
    assert HOST.packet(HOST.period) == first[0]


def test_only_sentences_said_whole_are_in_the_reference_over_all_passes() -> None:
    length = HOST.period * 0.02
    assert HOST.text(3.1) == ""
    assert HOST.text(3.2) == "hello everyone and welcome to the live show"
    assert HOST.text(length + 3.2) == f"{HOST.person.text} {HOST.text(3.2)}"
    assert " ".join(one.text for one in HOST.sentences(length + 3.2)) == HOST.text(length + 3.2)
    assert HOST.sentences(length + 3.2)[-1].end == pytest.approx(length + 3.184)
    assert HOST.whole_until(7.0) == 3.184
    assert HOST.whole_until(1.0) == 0.0


@pytest.mark.parametrize("name", casts.names())
@pytest.mark.parametrize("seconds", [5.0, 15.0, 30.0, 40.0, 70.0])
def test_everybody_stops_after_a_whole_sentence_in_time(name: str, seconds: float) -> None:
    for turn in turns(casts.load(name), seconds):
        assert turn.length is not None
        assert turn.start + turn.length <= seconds - LAST_WORDS
        assert turn.length == turn.script.whole_until(turn.length)


@pytest.mark.parametrize("name", casts.names())
def test_in_half_a_minute_everybody_talks_and_the_phrase_of_a_rule_is_said_in_time(name: str) -> None:
    cast = casts.load(name)
    parts = {turn.script.person.handle: turn for turn in turns(cast, 30.0)}
    assert all(turn.length and turn.length > 8 for turn in parts.values())
    trouble = parts[cast.troublemaker.handle]
    assert trouble.start + cast.troublemaker.phrases[0].end < 30 - 8
    starts = [turn.start for turn in parts.values()]
    assert starts == sorted(starts)
    assert all(turn.start < sure(parts[cast.host.handle].length) for turn in parts.values()), "voices overlap"


def test_without_an_end_nobody_stops() -> None:
    for turn in turns(casts.load("cast_b"), None):
        assert turn.length is None
        assert turn.packet(turn.script.period) == turn.script.packets[0]


def test_after_its_end_a_turn_is_silence() -> None:
    turn = turns(casts.load("cast_a"), 15.0)[0]
    assert turn.ticks is not None
    assert turn.packet(turn.ticks - 1) != turn.packet(turn.ticks) == SILENCE
    assert not turn.is_said(-1)
