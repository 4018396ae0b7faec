"""The audience's clock: the delay grows in pauses or by a silence, shrinks in pauses, and jumps over what is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio.audience_clock import PATIENCE, REST, AudienceClock, Heard


def talk(_tick: int) -> bool:
    return False


def hush(_tick: int) -> bool:
    return True


def steps(
    clock: AudienceClock, first: int, count: int, pause: Callable[[int], bool] = talk, *, empty: bool = False
) -> list[Heard]:
    return [clock.step(tick, pause, empty=empty) for tick in range(first, first + count)]


def sources(heard: list[Heard]) -> list[int | None]:
    return [None if one.held else one.source for one in heard]


def test_a_space_that_begins_with_a_delay_is_safe_from_the_first_tick() -> None:
    assert sources(steps(AudienceClock(200), 1_000, 3)) == [800, 801, 802]


def test_a_longer_delay_plays_each_silent_tick_twice() -> None:
    clock = AudienceClock()
    steps(clock, 0, 10, hush)
    clock.aim(3)
    assert sources(steps(clock, 10, 8, hush)) == [None, 10, None, 11, None, 12, 13, 14]
    assert clock.behind == 3


def test_where_nobody_could_speak_a_longer_delay_comes_at_once() -> None:
    clock = AudienceClock()
    steps(clock, 0, 5, hush, empty=True)
    clock.aim(4)
    assert sources(steps(clock, 5, 6, hush, empty=True)) == [None] * 4 + [5, 6]


def test_talk_is_not_stretched_before_a_minute_has_passed() -> None:
    clock = AudienceClock()
    steps(clock, 0, 10)
    clock.aim(50)
    assert sources(steps(clock, 10, PATIENCE - 2)) == list(range(10, PATIENCE + 8))
    later = steps(clock, PATIENCE + 8, 60)
    silent = [n for n, one in enumerate(later) if one.held]
    assert silent == list(range(1, 51)), "then one silence brings the rest"
    assert later[0].falls
    assert later[51].rises
    assert clock.behind == 50


def test_at_once_means_the_next_tick_but_one() -> None:
    clock = AudienceClock()
    steps(clock, 0, 10)
    clock.aim(5, now=True)
    assert sources(steps(clock, 10, 8)) == [10, None, None, None, None, None, 11, 12]


def test_a_shorter_delay_cuts_pauses_and_leaves_a_part_of_each() -> None:
    clock = AudienceClock(100)

    def pause(tick: int) -> bool:
        return 50 <= tick < 90

    clock.aim(0)
    heard = steps(clock, 150, 60, pause)
    skipped = set(range(50, 100)) - {one.source for one in heard}
    assert len(skipped) == 100 - clock.behind
    assert not any(not pause(tick) for tick in skipped), "no word is cut"
    assert not skipped & set(range(50, 50 + REST))


def test_a_dump_jumps_over_what_was_not_heard_and_the_delay_grows_again() -> None:
    clock = AudienceClock(200)
    steps(clock, 1_000, 10)
    clock.cut(810, 1_009)  # all that is not heard
    heard = clock.step(1_010, talk)
    assert (heard.source, heard.rises, heard.left) == (1_010, True, 810)
    assert clock.behind == 0
    later = steps(clock, 1_011, 600, hush)
    assert clock.behind == 200
    assert sources(later)[-1] == 1_610 - 200


def test_a_dump_of_the_last_seconds_lets_what_was_before_be_heard() -> None:
    clock = AudienceClock(200)
    steps(clock, 1_000, 10)
    clock.cut(900, 1_009)
    heard = steps(clock, 1_010, 95)
    at = sources(heard).index(899)
    assert heard[at].falls
    assert (heard[at + 1].source, heard[at + 1].rises, heard[at + 1].left) == (1_010, True, None)


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 60), st.booleans()), min_size=1, max_size=300),
)
def test_the_audience_never_hears_the_future_twice_or_backwards(
    delay: int, moves: list[tuple[int, bool, int, bool]]
) -> None:
    clock, tick, last = AudienceClock(delay), 1_000, -1
    for step, silent, target, aims in moves:
        if aims:
            clock.aim(target, now=silent)
        tick += step
        heard = clock.step(tick, hush if silent else talk)
        assert heard.source <= tick
        assert clock.behind == tick - heard.source
        assert clock.behind <= max(delay, 60)
        if not heard.held:
            assert heard.source > last
            last = heard.source


@pytest.mark.parametrize("late", [2, 3, 10])
def test_ticks_that_the_engine_skips_are_skipped_for_the_audience_too(late: int) -> None:
    clock = AudienceClock(50)
    steps(clock, 100, 5)
    assert clock.step(104 + late, talk) == Heard(54 + late)


def test_who_asks_for_the_same_delay_again_waits_no_longer() -> None:
    clock = AudienceClock()
    steps(clock, 0, 10)
    clock.aim(50)
    steps(clock, 10, PATIENCE - 20)
    clock.aim(50)
    steps(clock, PATIENCE - 10, 100)
    assert clock.behind == 50


def test_a_delay_that_is_not_as_it_is_to_be_is_not_settled() -> None:
    clock, seen = AudienceClock(), list[bool]()
    clock.aim(50)
    seen.append(clock.is_settled)
    steps(clock, 0, 60, hush, empty=True)
    seen.append(clock.is_settled)
    clock.aim(0)
    seen.append(clock.is_settled)
    steps(clock, 60, 300, hush, empty=True)
    seen.append(clock.is_settled)
    assert seen == [False, True, False, True], "also where nobody is"


def test_a_dump_before_the_audience_has_heard_anything_jumps_at_once() -> None:
    clock = AudienceClock(150)
    steps(clock, 0, 90)
    clock.cut(0, 89)
    assert clock.step(90, talk).source == 90
