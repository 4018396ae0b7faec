"""A room with a delay: redactions by name, cuts, and a delay that changes while people talk. What the audience hears is measured before the
encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.audio.delay import TONE_HZ
from spacesctl.audio.fades import RAMP
from spacesctl.audio.mix import Mixer, Sum
from spacesctl.audio.opus import FRAME, RATE
from spacesctl.audio.redactions import ALL, Stretch
from spacesctl.engine.clock import SpaceClock
from spacesctl.engine.messages import OpenSpace
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.delayed import Delayed
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.transport.ports import Ports
from tests.listening import Sound

TALKERS = (1, 2, 3)


def frame_of(lane: int, tick: int) -> Sound:
    """A different sound for each lane and tick."""
    made: Sound = np.random.default_rng(lane * 100_000 + tick).integers(-4_000, 4_000, FRAME).astype(np.int16)
    return made


def mixed(lanes: tuple[int, ...], tick: int) -> Sum:
    mixer = Mixer()
    for lane in lanes:
        mixer.add(frame_of(lane, tick))
    return mixer.total.copy()


def play(
    delayed: Delayed,
    ticks: int,
    act: Callable[[int], object] = lambda _: None,
    talks: Callable[[int, int], bool] = lambda *_: True,
) -> dict[int, Sum]:
    """What the audience hears, by tick."""
    heard = {}
    for lane in TALKERS:
        delayed.open(lane)
    for tick in range(ticks):
        act(tick)
        delayed.put(tick, {lane: frame_of(lane, tick) for lane in TALKERS if talks(lane, tick)})
        delayed.air(tick, TALKERS)
        heard[tick] = delayed.mix.total.copy()
    return heard


def aiming(delayed: Delayed, delay: int) -> Callable[[int], None]:
    """Change the delay at tick 100."""

    def act(tick: int) -> None:
        if tick == 100:
            delayed.aim(delay)

    return act


@settings(max_examples=40, deadline=None)
@given(delay=st.integers(1, 40), told=st.integers(0, 60), first=st.integers(0, 60), length=st.integers(1, 20))
def test_over_a_redaction_the_audience_hears_the_mix_without_that_lane_sample_for_sample(
    delay: int, told: int, first: int, length: int
) -> None:
    delayed, in_force = Delayed(delay), [10**9]
    last = first + length - 1

    def act(tick: int) -> None:
        if tick == told:
            in_force[0] = delayed.redact("r", Stretch(2, first, last))

    heard = play(delayed, 120, act)
    assert in_force[0] >= first
    for source in range(first, last + 1):
        if source >= in_force[0]:
            np.testing.assert_array_equal(heard[source + delay], mixed((1, 3), source))
        elif source < in_force[0] - 1:
            assert np.any(heard[source + delay] != mixed((1, 3), source)), "what had aired is told to have"


def test_a_redaction_can_be_narrowed_moved_widened_and_withdrawn_until_it_airs() -> None:
    delayed = Delayed(50)
    steps = {
        10: lambda: delayed.redact("a", Stretch(1, 20, 40)),
        12: lambda: delayed.redact("a", Stretch(1, 30, 33)),
        13: lambda: delayed.redact("b", Stretch(1, 50, 60)),
        14: lambda: delayed.redactions.remove("b"),
    }
    heard = play(delayed, 130, lambda tick: steps.get(tick, lambda: None)())
    without = [n for n in range(15, 70) if np.array_equal(heard[n + 50], mixed((2, 3), n))]
    assert without == [30, 31, 32, 33]


def test_a_tone_takes_the_place_of_the_lane_without_clicks() -> None:
    delayed = Delayed(50)
    heard = play(delayed, 130, lambda tick: tick == 10 and delayed.redact("a", Stretch(ALL, 30, 49, "tone")))
    tone = np.concatenate([heard[n + 50] for n in range(31, 49)]).astype(float)
    spectrum = np.abs(np.fft.rfft(tone))
    assert round(np.argmax(spectrum) * RATE / len(tone)) == TONE_HZ
    assert heard[80][0] == 0
    assert np.abs(np.diff(heard[80][:RAMP].astype(int))).max() < 4_000


def test_at_no_delay_only_what_comes_is_redacted_and_what_was_heard_is_told() -> None:
    delayed, told = Delayed(), list[int]()

    def act(tick: int) -> None:
        if tick == 20:
            told.append(delayed.redact("a", Stretch(1, 10, 30)))

    heard = play(delayed, 60, act)
    assert told == [21], "tick 20 begins with the fade-out"
    np.testing.assert_array_equal(heard[25], mixed((2, 3), 25))


def test_a_dump_takes_all_voices_and_the_audience_goes_on_with_what_is_said_now() -> None:
    delayed = Delayed(50)
    heard = play(delayed, 120, lambda tick: tick == 100 and delayed.redact("d", Stretch(ALL, 50, 99), cut=True))
    np.testing.assert_array_equal(heard[99], mixed(TALKERS, 49))
    np.testing.assert_array_equal(heard[100][RAMP:], mixed(TALKERS, 100)[RAMP:])
    np.testing.assert_array_equal(heard[101], mixed(TALKERS, 101))
    assert delayed.clock.behind == 0


def test_a_delay_that_grows_while_people_talk_loses_no_word_and_no_word_twice() -> None:
    delayed = Delayed()

    def talks(_lane: int, tick: int) -> bool:
        return tick % 50 < 40

    heard = play(delayed, 600, aiming(delayed, 40), talks)
    assert delayed.clock.behind == 40
    said = [tick for tick in range(101, 550) if talks(1, tick)]
    words = [frame.tobytes() for frame in heard.values() if frame.any()]
    for tick in said:
        assert words.count(mixed(TALKERS, tick).tobytes()) == 1, tick


def test_a_delay_that_shrinks_loses_pauses_alone() -> None:
    delayed = Delayed(40)

    def talks(_lane: int, tick: int) -> bool:
        return tick % 50 < 25

    heard = play(delayed, 600, aiming(delayed, 0), talks)
    assert delayed.clock.behind == 0
    words = {frame.tobytes() for frame in heard.values() if frame.any()}
    assert {mixed(TALKERS, tick).tobytes() for tick in range(550) if talks(1, tick)} <= words


def test_control_is_told_when_the_audience_s_clock_is_not_as_it_was() -> None:
    delayed: Any = Delayed()
    news = []

    def act(tick: int) -> None:
        told = delayed.news()
        news.append(told) if told else None
        if tick == 10:
            delayed.aim(3, now=True)

    play(delayed, 30, act)
    assert news[1:] == [(11, 10, True), (12, 10, True), (13, 10, False)]


@pytest.mark.parametrize("delay", [-1, 501])
def test_a_delay_that_no_line_has_is_refused(delay: int) -> None:
    with pytest.raises(ValueError):
        Delayed().aim(delay)


def test_a_room_in_which_nobody_is_works_until_its_delay_is_reached() -> None:
    nowhere: Any = None
    room = Room(OpenSpace("s", 0.0, 0, 7, 0), SpaceClock(0), Metrics(), Ports(nowhere, nowhere))
    seen = [room.is_idle]
    room.set_delay(100)
    seen.append(room.is_idle)
    for tick in range(110):
        room.run(tick, tick / 50)
    seen.append(room.is_idle)
    assert seen == [True, False, True]
    assert room.delayed.clock.behind == 100


def test_a_redaction_that_goes_on_is_not_told_as_late_for_what_it_had_silenced() -> None:
    delayed, told = Delayed(50), dict[int, int]()

    def act(tick: int) -> None:
        if tick in (100, 130, 170, 200, 240):  # the audience hears 50, 80, 120, 150, 190
            told[tick] = delayed.redact("a", Stretch(1, 60, tick + 10))

    heard = play(delayed, 320, act)
    assert set(told.values()) == {60}
    for source in range(60, 251):
        assert np.array_equal(heard[source + 50], mixed((2, 3), source)), source


def test_what_was_heard_before_it_and_between_two_of_its_stretches_is_late() -> None:
    delayed, told = Delayed(50), list[int]()

    def act(tick: int) -> None:
        if tick == 100:
            told.append(delayed.redact("late", Stretch(1, 30, 120)))  # 30 to about 50 were heard
        if tick == 130:
            told.append(delayed.redact("late", Stretch(1, 20, 140)))  # widened to the left, which changes nothing
        if tick == 150:
            told.append(delayed.redact("gap", Stretch(2, 110, 120)))
        if tick == 200:
            told.append(delayed.redact("gap", Stretch(2, 110, 180)))  # 121 to about 150 were heard

    play(delayed, 260, act)
    first, again, gap, after = told
    assert 50 <= first == again <= 52
    assert gap == 110
    assert 150 <= after <= 152
