"""Phrases that rules redact, found in partial results: armed at once, given back when they were not said, narrowed by the final."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.arming import (
    AHEAD,
    BEFORE_SIGHT,
    CARRIED,
    GIVE_BACK,
    NUMBER_AHEAD,
    PRE_ROLL,
    TIMES_AFTER,
    TIMES_EVERY,
    Arming,
    Watch,
)
from bots.hearing.lane import CHUNK, PARTIAL_EVERY, LanePipeline
from bots.hearing.messages import Arm, Armed, Disarmed, Heard, Utterance
from bots.hearing.recogniser import HeardWord, ScriptedRecogniser
from bots.hearing.stretch import PAD
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import SILENCE
from spacesctl.rules.rule_engine import JOIN_TICKS, Word
from spacesctl.rules.rulefile import compile_rules

BEGUN = 1000


def watch(when: str = '{ words = ["stupid clown", "shut up"] }', more: str = "") -> Watch:
    rule = f'[[rule]]\nid = "abuse"\nmode = "enforce"\nwhen.any = [{when}]\nactions = ["redact"]\n{more}'
    found = compile_rules(f"schema = 1\n{rule}")
    return Watch(found.redacting(), found.exceptions)


def lane(**rules: str) -> Arming:
    return Arming("s", 7, watch(**rules))


def partials(arming: Arming, *texts: str, first: int = BEGUN + 20, begun: int = BEGUN) -> list[Arm]:
    """Partial results, one every 100 ms."""
    return [each for n, text in enumerate(texts) for each in arming.partial(text, begun, first + CHUNK * n)]


def words(text: str, at: float = BEGUN / 50 + 0.2, conf: float = 0.9) -> list[Word]:
    """A word of 0.3 s every 0.4 s."""
    found = []
    for n, w in enumerate(text.split()):
        start = at + 0.4 * n
        found.append(Word(w, start, start + 0.3, conf, round(start * 50), round((start + 0.3) * 50) - 1))
    return found


def test_a_phrase_is_armed_by_the_first_partial_that_has_it() -> None:
    armed = partials(lane(), "you", "you stupid", "you stupid clown", "you stupid clown go", first=1300)
    assert armed == [Armed("s", 7, BEGUN, "abuse", 1, 1305 - BEFORE_SIGHT, 1310 + AHEAD)]


def test_it_begins_no_earlier_than_the_utterance_and_its_pre_roll() -> None:
    (armed,) = partials(lane(), "shut up", first=BEGUN + 20)
    assert isinstance(armed, Armed)
    assert armed.first_tick == BEGUN - PRE_ROLL
    (armed,) = partials(lane(), "shut up", first=20, begun=0)
    assert isinstance(armed, Armed)
    assert armed.first_tick == 0


def test_a_phrase_that_a_later_partial_no_longer_has_is_withdrawn_and_may_come_back() -> None:
    texts = ["shut up", *["shut off"] * (1 + GIVE_BACK // CHUNK), "shut up now", "shut up now"]
    arms = partials(lane(), *texts, first=1300)
    assert [(type(each), each.number) for each in arms] == [(Armed, 1), (Disarmed, 1), (Armed, 2)]
    last = arms[-1]
    assert isinstance(last, Armed)
    assert last.first_tick == 1300 - BEFORE_SIGHT, "its first word was seen in the first partial already"
    assert last.last_tick == 1305 + GIVE_BACK + CHUNK + AHEAD


def test_a_phrase_that_is_back_in_a_moment_was_never_gone() -> None:
    arms = partials(lane(), "shut up", "shut off", "shut off now", "shut up now", first=1300)
    assert [(type(each), each.number) for each in arms] == [(Armed, 1)]


def test_what_both_sides_of_a_cut_have_heard_stays_though_neither_final_has_it() -> None:
    arming = lane()
    partials(arming, "so shut up", first=BEGUN + 390)
    border = BEGUN + 400
    assert list(arming.final(words("so"), BEGUN, border)) == []
    assert partials(arming, "shut up and", "up and", first=border + 5, begun=border) == []
    assert partials(arming, "up and listen", first=border + 60, begun=border) == []
    assert list(arming.final(words("up and listen", at=border / 50), border)) == []


def test_a_phrase_before_which_words_are_heard_anew_stays_the_same() -> None:
    arms = partials(lane(), "oh now shut up", "oh shut up", "who knows shut up", first=1300)
    assert [(type(each), each.number) for each in arms] == [(Armed, 1)]


def test_a_phrase_that_grows_silences_what_it_has_gained() -> None:
    arms = partials(
        lane(when="{ regex = 'one( two)?( three)?' }"), "one", "one two", "one two", "one two three", first=1300
    )
    assert [(each.number, each.last_tick) for each in arms if isinstance(each, Armed)] == [
        (1, 1300 + AHEAD),
        (1, 1305 + AHEAD),
        (1, 1315 + AHEAD),
    ]


def test_the_final_result_narrows_it_to_its_words() -> None:
    arming = lane()
    partials(arming, "you stupid clown", first=BEGUN + 70)
    said = words("you stupid clown go")
    (armed,) = arming.final(said, BEGUN)
    first, last = said[1].start_tick - 5, said[2].end_tick + 5  # there are 100 ms between all words
    assert armed == Armed("s", 7, BEGUN, "abuse", 1, first, last, final=True)


def test_a_final_result_without_the_phrase_gives_the_sound_back() -> None:
    arming = lane()
    partials(arming, "shut up")
    assert list(arming.final(words("shut off"), BEGUN)) == [Disarmed("s", 7, BEGUN, "abuse", 1)]
    assert list(arming.final(words("shut off"), BEGUN)) == [], "once"


def test_a_final_result_without_any_word_gives_the_sound_back() -> None:
    arming = lane()
    partials(arming, "shut up")
    assert list(arming.final([], BEGUN)) == [Disarmed("s", 7, BEGUN, "abuse", 1)]


def test_a_phrase_that_only_the_final_result_has_is_redacted_at_once() -> None:
    arming = lane()
    assert partials(arming, "shut", "shut off") == []
    (armed,) = arming.final(words("shut up"), BEGUN)
    assert isinstance(armed, Armed)
    assert (armed.final, armed.number) == (True, 1)


def test_two_phrases_are_told_apart_and_one_of_them_can_be_withdrawn() -> None:
    arming = lane()
    first, second = partials(arming, "shut up you silly person", "shut up you silly person stupid clown", first=1300)
    assert (first.number, second.number) == (1, 2)
    said = words("shut down you silly person stupid clown", at=24.0)
    kept, gone = arming.final(said, BEGUN)
    assert gone == Disarmed("s", 7, BEGUN, "abuse", 1)
    assert isinstance(kept, Armed)
    assert (kept.number, kept.last_tick) == (2, said[-1].end_tick + 5)


def test_a_phrase_is_armed_with_fillers_in_it_which_need_not_be_sure() -> None:
    arming = lane(when='{ words = ["stupid clown"], gap = 1 }', more='when.all = [{ confidence = ">=0.8" }]')
    (armed,) = partials(arming, "stupid", "stupid um clown")
    assert isinstance(armed, Armed)
    said = words("stupid um clown")
    said[1] = Word("um", said[1].start, said[1].end, 0.2, said[1].start_tick, said[1].end_tick)
    (sure,) = arming.final(said, BEGUN)
    assert isinstance(sure, Armed)
    assert sure.final
    assert partials(lane(when='{ words = ["stupid clown"] }'), "stupid um clown") == []


def test_phrases_that_overlap_must_be_sure_in_each_word_that_one_of_them_has() -> None:
    when, more = '{ words = ["stupid clown", "um clown"], gap = 1 }', 'when.all = [{ confidence = ">=0.8" }]'
    said = words("stupid um clown")
    said[1] = Word("um", said[1].start, said[1].end, 0.2, said[1].start_tick, said[1].end_tick)
    assert list(lane(when=when, more=more).final(said, BEGUN)) == []


def test_what_an_exception_has_is_given_back_when_it_is_said_whole() -> None:
    arming = lane(when='{ words = ["clown"] }', more='[exceptions]\nwords = ["clown fish"]\n')
    armed, gone = partials(arming, "the clown", *["the clown fish"] * 9)
    assert isinstance(armed, Armed)
    assert isinstance(gone, Disarmed)
    assert list(arming.final(words("the clown fish"), BEGUN)) == []
    assert len(partials(arming, "a clown", begun=BEGUN + 100, first=BEGUN + 120)) == 1


def test_overlapping_phrases_of_one_rule_are_one_stretch() -> None:
    arming = lane(when='{ words = ["shut up", "up yours", "idiot"] }')
    (armed,) = arming.final(said := words("shut up yours"), BEGUN)
    assert isinstance(armed, Armed)
    assert armed.last_tick == said[-1].end_tick + 5


def test_a_phrase_that_an_utterance_border_divides_is_found() -> None:
    arming = lane()
    list(arming.final(before := words("you are a stupid"), BEGUN))
    begun = before[-1].end_tick + 20
    (armed,) = partials(arming, "clown", first=begun + 30, begun=begun)
    assert isinstance(armed, Armed)
    assert before[-1].start_tick - 5 <= armed.first_tick <= before[-1].start_tick
    (timed,) = arming.final(after := words("clown", at=begun / 50 + 0.2), begun)
    assert isinstance(timed, Armed)
    assert (timed.number, timed.last_tick, timed.final) == (armed.number, after[0].end_tick + 5, True)
    assert timed.first_tick <= before[-1].start_tick


def test_a_phrase_is_not_joined_over_a_long_pause() -> None:
    arming = lane()
    list(arming.final(before := words("you are a stupid"), BEGUN))
    begun = before[-1].end_tick + JOIN_TICKS + 1
    assert partials(arming, "clown", first=begun + 30, begun=begun) == []
    assert list(arming.final(words("clown", at=begun / 50), begun)) == []


def test_a_phrase_of_an_earlier_utterance_is_not_armed_again() -> None:
    arming = lane()
    list(arming.final(said := words("shut up"), BEGUN))
    begun = said[-1].end_tick + 10
    assert partials(arming, "now", first=begun + 30, begun=begun) == []


def test_a_doubtful_phrase_is_armed_and_given_back_when_its_words_are_not_sure_enough() -> None:
    more = "when.all = [{ confidence = '>=0.75' }]\n"
    doubtful, sure = lane(more=more), lane(more=more)
    for arming in (doubtful, sure):
        assert len(partials(arming, "shut up")) == 1, "partial results have no confidence"
    assert [type(each) for each in doubtful.final(words("shut up", conf=0.7), BEGUN)] == [Disarmed]
    assert [type(each) for each in sure.final(words("shut up", conf=0.8), BEGUN)] == [Armed]


@pytest.mark.parametrize(
    "rule",
    [
        'id = "a"\nmode = "shadow"\nwhen.any = [{ words = ["shut up"] }]\nactions = ["redact"]',
        'id = "a"\nmode = "enforce"\nwhen.any = [{ words = ["shut up"] }]\nactions = ["mute", "report"]',
    ],
    ids=["shadow", "another action"],
)
def test_only_enforced_rules_that_redact_arm(rule: str) -> None:
    assert compile_rules(f"schema = 1\n[[rule]]\n{rule}\n").redacting() == ()


def test_without_rules_nothing_is_armed_and_new_rules_count_from_then_on() -> None:
    arming = Arming("s", 7)
    assert partials(arming, "shut up") == []
    assert list(arming.final(words("shut up"), BEGUN)) == []
    arming.watch(watch())
    assert len(partials(arming, "oh shut up")) == 1
    arming.watch(None)
    assert partials(arming, "oh shut up stupid clown") == []
    assert list(arming.final(words("shut up"), BEGUN)) == []


def settle(arming: Arming, said: list[Word], count: int) -> list[Arm]:
    return list(arming.timed(said[:count], BEGUN))


def test_the_times_of_words_narrow_a_phrase_from_its_beginning_on() -> None:
    arming, said = lane(), words("you stupid clown go on")
    partials(arming, "you stupid clown go on", first=BEGUN + 80)
    assert settle(arming, said, 2) == [], "the last word that has times may be cut off"
    (begun,) = settle(arming, said, 3)
    (ended,) = settle(arming, said, 4)
    assert isinstance(begun, Armed)
    assert isinstance(ended, Armed)
    assert (begun.first_tick, begun.last_tick) == (said[1].start_tick - 5, BEGUN + 80 + AHEAD)
    assert (ended.first_tick, ended.last_tick) == (said[1].start_tick - 5, said[2].end_tick + 5)
    assert settle(arming, said, 5) == []
    assert (begun.number, ended.number, ended.final) == (1, 1, False), "only the final result is the last word on it"


def test_a_phrase_that_has_its_times_is_widened_by_no_later_partial_but_one_that_lengthens_it() -> None:
    arming = lane(when="{ regex = 'one( two)?( three)?' }")
    partials(arming, "one two now", first=BEGUN + 80)
    settle(arming, words("one two now"), 3)
    assert partials(arming, "one two now then", first=BEGUN + 90) == []
    (longer,) = partials(arming, "one two three then", first=BEGUN + 95)
    assert isinstance(longer, Armed)
    assert (longer.first_tick, longer.last_tick) == (BEGUN + 5, BEGUN + 95 + AHEAD)


def test_times_of_words_that_were_heard_anew_say_nothing() -> None:
    arming = lane()
    partials(arming, "you stupid clown go on", first=BEGUN + 80)
    assert settle(arming, words("you stupid town go on"), 5) == []


@pytest.mark.parametrize("anew", ["you are a stupid clown go on", "stupid clown go on"])
def test_a_phrase_is_found_among_words_with_times_when_those_before_it_are_others(anew: str) -> None:
    arming = lane()
    partials(arming, "you stupid clown go on", first=BEGUN + 120)
    said = words(anew)
    place = anew.split().index("stupid")
    (armed,) = settle(arming, said, len(said))
    assert isinstance(armed, Armed)
    assert (armed.first_tick, armed.last_tick) == (said[place].start_tick - 5, said[place + 1].end_tick + 5)


def test_times_are_asked_for_some_while_after_a_phrase_now_and_then_until_it_has_them() -> None:
    arming = lane()
    partials(arming, "you stupid clown go on", first=BEGUN + 80)
    asked = [tick for tick in range(BEGUN + 80, BEGUN + 150, CHUNK) if arming.wants_times(tick)]
    assert asked == [BEGUN + 80 + TIMES_AFTER + n * TIMES_EVERY for n in range(3)]
    settle(arming, words("you stupid clown go on"), 5)
    assert not arming.wants_times(BEGUN + 1000)


def test_a_phrase_that_an_utterance_border_divides_keeps_its_beginning_when_the_rest_has_times() -> None:
    arming = lane()
    list(arming.final(before := words("you are a stupid"), BEGUN))
    begun = before[-1].end_tick + 20
    partials(arming, "clown now", first=begun + 30, begun=begun)
    after = words("clown now", at=begun / 50 + 0.2)
    (ended,) = arming.timed(after, begun)
    assert isinstance(ended, Armed)
    assert before[-1].start_tick - 5 <= ended.first_tick <= before[-1].start_tick
    assert ended.last_tick == after[0].end_tick + 5


def script(*said: tuple[str, float, float]) -> ScriptedRecogniser:
    return ScriptedRecogniser([HeardWord(text, start, end, 0.9) for text, start, end in said], pause=60)


def talk(hearing: LanePipeline, ticks: range, flags: int = FLAG_ACTIVE) -> list[Heard]:
    return [each for tick in ticks for each in hearing.frame(tick, flags, SILENCE)]


def test_every_partial_counts_also_those_that_are_not_passed_on() -> None:
    """Words come faster than partial captions do; the phrase is in the recogniser's very next answer."""
    hearing = LanePipeline("s", 7, script(("oh", 0.5, 0.55), ("shut", 0.55, 0.6), ("up", 0.6, 0.65)), watch())
    found = talk(hearing, range(100))
    armed = [at for at, each in enumerate(found) if isinstance(each, Armed)]
    captions = [each for each in found if isinstance(each, Utterance)]
    assert [each.text for each in captions] == ["oh shut", "oh shut up"]
    assert found[armed[0]] == Armed("s", 7, 0, "abuse", 1, 0, 34 + AHEAD), (
        "0.7 s were fed: the first answer after 0.65 s"
    )
    assert CHUNK < PARTIAL_EVERY


def test_in_a_lane_the_narrow_stretch_is_told_before_the_utterance() -> None:
    hearing = LanePipeline("s", 7, script(("oh", 0.1, 0.3), ("shut", 0.9, 1.1), ("up", 1.2, 1.4)), watch())
    found = talk(hearing, range(500, 600)) + list(hearing.rest())
    arms = [each for each in found if isinstance(each, Armed)]
    assert [(each.final, each.first_tick, each.last_tick) for each in arms] == [
        (False, 489, 569 + AHEAD),
        (True, 540, 574),
    ]
    timed = found.index(arms[1])
    assert isinstance(found[timed + 1], Utterance)
    assert found[timed + 1].final  # type: ignore[union-attr]


def test_a_lane_asks_its_recogniser_for_times() -> None:
    said = [HeardWord(text, start, start + 0.2, 0.9) for text, start in (("shut", 0.9), ("up", 1.2), ("now", 1.5))]
    hearing = LanePipeline("s", 7, ScriptedRecogniser(said, pause=60, settled=0.5), watch())
    arms = [each for each in talk(hearing, range(500, 620)) if isinstance(each, Armed)]
    assert [(each.first_tick, each.last_tick, each.final) for each in arms] == [
        (489, 569 + AHEAD, False),
        (540, 574, False),
    ]


def test_a_lane_takes_new_rules_while_it_is_heard() -> None:
    hearing = LanePipeline("s", 7, script(("shut", 0.9, 1.1), ("up", 1.2, 1.4)))
    talk(hearing, range(30))
    hearing.watch(watch())
    assert any(isinstance(each, Armed) for each in talk(hearing, range(30, 100)))


NUMBERS = "{ digits = { run = 6 } }"
DIGITS = "four seven two nine one one eight five"


def numbers(allow: str = "") -> Arming:
    return lane(when=f"{{ digits = {{ run = 6, allow = [{allow}] }} }}")


def test_a_number_is_armed_at_its_sixth_digit_back_to_its_first_and_two_seconds_on() -> None:
    said = DIGITS.split()
    arms = partials(numbers(), *(" ".join(["it", "is", *said[:count]]) for count in range(1, 9)), first=1300)
    assert all(isinstance(each, Armed) and each.number == 1 and each.label for each in arms)
    assert [(each.first_tick, each.last_tick) for each in arms if isinstance(each, Armed)] == [
        (1300 - BEFORE_SIGHT, 1300 + CHUNK * at + NUMBER_AHEAD) for at in (5, 6, 7)
    ]


def test_its_final_result_narrows_it_to_its_words_and_says_what_it_may_be() -> None:
    arming = numbers()
    partials(arming, f"it is {DIGITS} now")
    spoken = words(f"it is {DIGITS} now")
    (armed,) = arming.final(spoken, BEGUN)
    assert armed == Armed(
        "s", 7, BEGUN, "abuse", 1, spoken[2].start_tick - PAD, spoken[9].end_tick + PAD, True, "8 digits"
    )


def test_a_number_that_goes_on_after_a_pause_is_armed_from_where_the_redaction_before_ends() -> None:
    arming = numbers()
    first = words("four seven two nine one one")
    (before,) = arming.final(first, BEGUN)
    assert isinstance(before, Armed)
    second = words("eight five", at=first[-1].end + 1.0)
    (armed,) = partials(arming, "eight five", first=second[-1].end_tick, begun=second[0].start_tick)
    assert isinstance(armed, Armed)
    assert (armed.first_tick, armed.label) == (before.last_tick + 1, "8 digits"), "the pause between is covered, too"
    (armed,) = arming.final(second, second[0].start_tick)
    assert isinstance(armed, Armed)
    assert (armed.first_tick, armed.last_tick) == (before.last_tick + 1, second[-1].end_tick + PAD)


def test_digits_of_two_utterances_are_one_number_from_its_first_digit() -> None:
    arming = numbers()
    first = words("it is four seven two nine")
    assert list(arming.final(first, BEGUN)) == []
    second = words("one one", at=first[-1].end + 2.5)
    (armed,) = partials(arming, "one one", first=second[-1].end_tick, begun=second[0].start_tick)
    assert isinstance(armed, Armed)
    assert armed.first_tick == first[2].start_tick - PAD
    assert len(list(arming.final(second, second[0].start_tick))) == 1
    begun = second[-1].end_tick + JOIN_TICKS + 2
    assert partials(arming, "eight five", first=begun + 50, begun=begun) == [], "after a long pause they are others"


def test_a_number_that_would_be_allowed_if_it_went_on_waits_and_is_looked_at_anew_when_it_does() -> None:
    arming = numbers("{ length = 8 }")
    first = words("four seven two nine one one")
    (waiting,) = arming.final(first, BEGUN)
    assert isinstance(waiting, Armed)
    assert waiting.waits
    second = words("eight five", at=first[-1].end + 1.0)
    begun = second[0].start_tick
    assert partials(arming, "eight five", begun=begun) == [Disarmed("s", 7, BEGUN, "abuse", 1)], "it is an allowed one"
    assert list(arming.final(second, begun)) == []
    third = words("nine", at=second[-1].end + 1.0)
    (armed,) = arming.final(third, third[0].start_tick)
    assert isinstance(armed, Armed)
    assert (armed.first_tick, armed.waits) == (first[0].start_tick - PAD, False), "one of nine digits is not"


def test_a_number_that_a_cut_utterance_had_armed_is_given_back_when_what_is_heard_again_has_none() -> None:
    arming = numbers()
    partials(arming, "it is four seven two nine one one", first=BEGUN + 380)
    border = BEGUN + 400
    assert list(arming.final(words("it is four"), BEGUN, border)) == []
    assert partials(arming, "so", "so now", first=border + CARRIED - CHUNK, begun=border) == []
    assert partials(arming, "so now we", first=border + CARRIED + 1, begun=border) == [
        Disarmed("s", 7, BEGUN, "abuse", 1)
    ]


def test_where_other_words_follow_a_number_its_redaction_ends() -> None:
    arms = partials(numbers(), f"it is {DIGITS}", f"it is {DIGITS} and", f"it is {DIGITS} and then we", first=1300)
    ends = [each.last_tick for each in arms if isinstance(each, Armed)]
    assert ends == [1300 + NUMBER_AHEAD, 1305], "when `and` was seen, the last digit was said"


def test_an_allowed_number_with_a_digit_too_many_for_a_moment_is_given_back_at_once() -> None:
    arming = numbers("{ length = 8 }")
    arms = partials(arming, f"it is {DIGITS}", f"it is {DIGITS} three", f"it is {DIGITS} thank", first=1300)
    assert [type(each) for each in arms] == [Armed, Disarmed]


_guess = st.lists(st.sampled_from(["you", "stupid", "clown", "um", "shut", "up", "clown's"]), max_size=5)


@given(st.lists(_guess, max_size=8), _guess)
def test_whatever_partial_results_guessed_the_final_result_decides(guesses: list[list[str]], said: list[str]) -> None:
    def left(arming: Arming, *texts: str) -> list[tuple[int, int]]:
        kept = dict[int, Armed]()
        for each in [*partials(arming, *texts), *arming.final(words(" ".join(said)), BEGUN)]:
            if isinstance(each, Armed):
                kept[each.number] = each
            else:
                kept.pop(each.number)
        return sorted((one.first_tick, one.last_tick) for one in kept.values())

    when = '{ words = ["stupid clown", "shut up"], gap = 1, forms = true }'
    assert left(lane(when=when), *(" ".join(guess) for guess in guesses)) == left(lane(when=when))
