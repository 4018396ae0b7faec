"""vosk really runs: on the shipped clips as packets, with the shipped model."""

import pytest

from bots import casts
from bots.hearing.arming import Watch
from bots.hearing.lane import LanePipeline
from bots.hearing.messages import Armed, Utterance
from bots.wer import word_errors
from spacesctl.rules.rulefile import compile_rules
from tests.bots.voices import PEOPLE, engine, frames_of, heard, only_utterances, person, text_of


def lane(number: int = 1) -> LanePipeline:
    return LanePipeline("s", number, engine()())


@pytest.mark.parametrize(("cast", "handle"), PEOPLE)
def test_each_clip_is_understood_with_words_where_they_were_said(cast: str, handle: str) -> None:
    said = person(cast, handle)
    first = 5000
    found = [each for each in heard(lane(), frames_of(cast, handle), first) if each.final]
    errors = word_errors(said.text.split(), text_of(found).split())
    assert errors.rate <= 0.06, text_of(found)
    assert len(found) == len(said.sentences), "one utterance a sentence"
    for utterance, sentence in zip(found, said.sentences, strict=True):
        assert abs(utterance.words[0].start - first / 50 - sentence.start) < 0.25
        assert abs(utterance.words[-1].end - first / 50 - sentence.end) < 0.25
        assert utterance.start_tick == utterance.words[0].start_tick
        assert all(0 <= word.conf <= 1 for word in utterance.words)
    for phrase in said.phrases:
        last = phrase.text.split()[-1]
        ends = [word.end - first / 50 for each in found for word in each.words if word.w == last]
        assert min(abs(end - phrase.end) for end in ends) < 0.15


def test_two_voices_at_once_on_two_lanes_are_each_their_own() -> None:
    lanes = {1: lane(1), 2: lane(2)}
    clips = {1: frames_of("cast_a", "mara"), 2: frames_of("cast_b", "omar")}
    found: dict[int, list[Utterance]] = {1: [], 2: []}
    for tick in range(max(map(len, clips.values()))):
        for number, frames in clips.items():
            if tick < len(frames):
                found[number] += only_utterances(lanes[number].frame(tick, *frames[tick]))
    for number, (cast, handle) in {1: ("cast_a", "mara"), 2: ("cast_b", "omar")}.items():
        found[number] += only_utterances(lanes[number].rest())
        assert word_errors(person(cast, handle).text.split(), text_of(found[number]).split()).rate <= 0.06
        assert {each.lane for each in found[number]} == {number}


@pytest.mark.slow
def test_a_phrase_is_armed_long_before_its_final_and_narrowed_by_it() -> None:
    for name in casts.names():
        who = casts.load(name).troublemaker
        words = ", ".join(f'"{phrase.text}"' for phrase in who.phrases)
        rule = f'[[rule]]\nid = "a"\nmode = "enforce"\nwhen.any = [{{ words = [{words}] }}]\nactions = ["redact"]\n'
        watch = Watch(compile_rules(f"schema = 1\n{rule}").redacting())
        hearing, first, armed = LanePipeline("s", 1, engine()(), watch), 5000, list[tuple[int, Armed]]()
        for tick, (flags, packet) in enumerate(frames_of(name, who.handle), first):
            armed += [(tick, each) for each in hearing.frame(tick, flags, packet) if isinstance(each, Armed)]
        for phrase in who.phrases:
            begin, end = first + phrase.start * 50, first + phrase.end * 50
            middle = (begin + end) / 2
            late = next(one for one in armed if one[1].final and one[1].first_tick <= middle <= one[1].last_tick)
            early = next(one for one in armed if one[1].number == late[1].number)
            assert early[0] - end < 25, "before its end, or soon after it"
            assert early[0] < late[0], phrase
            assert early[1].first_tick <= begin
            assert early[1].last_tick >= end
            assert abs(late[1].first_tick - begin) < 15
            assert abs(late[1].last_tick - end) < 15


def test_word_times_hold_after_long_silence_that_was_not_fed() -> None:
    hearing = lane()
    clip = frames_of("cast_b", "zed")
    heard(hearing, clip, 0)
    first = 60 * 50
    (utterance, *_) = [each for each in heard(hearing, clip, first) if each.final]
    assert abs(utterance.words[0].start - 60 - person("cast_b", "zed").sentences[0].start) < 0.25


def test_the_same_sound_gives_the_same_words() -> None:
    clip = frames_of("cast_a", "rex")
    assert heard(lane(), clip) == heard(lane(), clip)
