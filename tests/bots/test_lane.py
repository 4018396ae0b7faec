"""One lane's hearing: what is fed, when utterances end, and where words lie on the Space clock."""

from bots.hearing.arming import Watch
from bots.hearing.clockmap import MAX_RUNS, ClockMap
from bots.hearing.lane import AFTER, BEFORE, DIP, LanePipeline
from bots.hearing.messages import Utterance
from bots.hearing.recogniser import BYTES_PER_SECOND, HeardWord, ScriptedRecogniser
from spacesctl.audio.framing import FLAG_ACTIVE, FLAG_LOST
from spacesctl.audio.ogg import SILENCE
from tests.bots.voices import only_utterances


def script(*words: tuple[str, float, float]) -> ScriptedRecogniser:
    return ScriptedRecogniser([HeardWord(text, start, end, 0.9) for text, start, end in words])


def lane(recogniser: ScriptedRecogniser) -> LanePipeline:
    return LanePipeline("s", 7, recogniser)


def talk(hearing: LanePipeline, first: int, ticks: int, flags: int = FLAG_ACTIVE) -> list[Utterance]:
    return only_utterances(each for tick in range(first, first + ticks) for each in hearing.frame(tick, flags, SILENCE))


def rest(hearing: LanePipeline) -> list[Utterance]:
    return only_utterances(hearing.rest())


def finals(found: list[Utterance]) -> list[Utterance]:
    return [each for each in found if each.final]


def test_words_lie_on_the_space_clock_though_long_silence_is_not_fed() -> None:
    recogniser = script(("one", 0.2, 0.4), ("two", 2.2, 2.6))
    hearing = lane(recogniser)
    found = talk(hearing, 100, 50)
    found += talk(hearing, 150, 1000, flags=0)
    fed_in_the_first_minute = recogniser.fed / BYTES_PER_SECOND
    assert fed_in_the_first_minute < 2.0
    found += talk(hearing, 1150, 100)
    found += rest(hearing)
    one, two = finals(found)
    (word,) = one.words
    assert (word.w, word.start, word.end, word.start_tick, word.end_tick) == ("one", 2.2, 2.4, 110, 119)
    (word,) = two.words
    offset = 2.2 - fed_in_the_first_minute  # fed time into the second stretch, which begins BEFORE ticks early
    assert abs(word.start - ((1150 - BEFORE) / 50 + offset)) < 0.021
    assert two.utterance == 1150 - BEFORE


def test_a_silent_lane_feeds_nothing() -> None:
    recogniser = script()
    assert talk(lane(recogniser), 0, 500, flags=0) == []
    assert recogniser.fed == 0


def test_an_utterance_ends_at_a_dip() -> None:
    recogniser = ScriptedRecogniser([HeardWord("one", 0.1, 0.3, 0.9)], pause=60)
    hearing = lane(recogniser)
    assert finals(talk(hearing, 0, 50)) == []
    (final,) = finals(talk(hearing, 50, DIP, flags=0))
    assert final.text == "one"
    assert hearing.silent


def test_an_utterance_ends_when_frames_stop_coming() -> None:
    hearing = lane(ScriptedRecogniser([HeardWord("one", 0.1, 0.3, 0.9)], pause=60))
    talk(hearing, 0, 50)
    (final,) = finals(rest(hearing))
    assert final.text == "one"
    assert rest(hearing) == []


def test_partials_come_at_most_five_times_a_second_and_only_when_they_changed() -> None:
    words = [HeardWord("go", n * 0.1, n * 0.1 + 0.1, 0.9) for n in range(40)]
    hearing = lane(ScriptedRecogniser(words, pause=60))
    partials = talk(hearing, 0, 200)
    assert not finals(partials)
    assert 15 <= len(partials) <= 20
    assert len({each.utterance for each in partials}) == 1
    assert partials[-1].words == ()
    assert partials[-1].start_tick == 0
    assert 180 <= partials[-1].end_tick < 200


def test_lost_frames_that_were_mixed_are_fed_as_concealment() -> None:
    recogniser = script()
    hearing = lane(recogniser)
    talk(hearing, 0, 10)
    for tick in range(10, 20):
        assert list(hearing.frame(tick, FLAG_ACTIVE | FLAG_LOST, b"")) == []
    assert recogniser.fed == 20 * 640


def test_a_packet_that_is_not_opus_is_silence() -> None:
    recogniser = script()
    hearing = lane(recogniser)
    for tick in range(10):
        list(hearing.frame(tick, FLAG_ACTIVE, b"\xff\xff\xff\x00"))
    assert recogniser.fed == 10 * 640


def test_where_something_is_redacted_each_100_ms_are_heard_at_once_and_elsewhere_200() -> None:
    recogniser = script()
    hearing = lane(recogniser)
    talk(hearing, 0, 5)
    assert recogniser.fed == 0
    talk(hearing, 5, 5)
    assert recogniser.fed == 10 * 640
    hearing.watch(Watch(()))
    talk(hearing, 10, 5)
    assert recogniser.fed == 15 * 640


def test_a_gap_in_the_ticks_is_silence_not_a_splice() -> None:
    recogniser = ScriptedRecogniser([HeardWord("one", 0.1, 0.3, 0.9), HeardWord("two", 1.0, 1.2, 0.9)], pause=60)
    hearing = lane(recogniser)
    found = talk(hearing, 0, 20) + talk(hearing, 500, 50) + rest(hearing)
    one, two = finals(found)
    assert [each.text for each in (one, two)] == ["one", "two"]
    assert two.words[0].start_tick >= 500
    assert AFTER < 500


def test_the_clock_map_forgets_what_is_not_asked_for_again() -> None:
    clock = ClockMap()
    for run in range(100):
        for tick in range(10):
            clock.add(run * 1000 + tick)
    clock.forget_before(19.0)
    assert clock.start(19.5) == 97 * 20 + 0.1
    assert abs(clock.end(19.4) - (96 * 20 + 0.2)) < 1e-9, "an end on a border belongs to the run before it"
    assert abs(clock.start(19.4) - 97 * 20) < 1e-9


def test_a_clock_map_without_ticks_gives_fed_time_and_of_too_many_runs_the_latest_stay() -> None:
    clock = ClockMap()
    assert (clock.start(1.5), clock.end(1.5)) == (1.5, 1.5)
    for run in range(MAX_RUNS + 10):
        clock.add(run * 50)
    assert len(clock._fed) == MAX_RUNS
    assert abs(clock.start(0.02 * (MAX_RUNS + 9)) - (MAX_RUNS + 9)) < 1e-9
