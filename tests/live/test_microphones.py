"""What is known of microphone sessions: runs of ticks, against the plain set of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spacesctl.live.microphones import MOST_RUNS, Microphones


@given(st.sets(st.integers(0, 300)), st.integers(0, 300), st.integers(0, 300))
def test_sound_is_counted_within_a_stretch(ticks: set[int], first: int, last: int) -> None:
    known = Microphones()
    for tick in sorted(ticks):
        known.sounds(1, tick)
    runs = sum(tick - 1 not in ticks for tick in ticks)
    if runs <= MOST_RUNS:
        assert known.sound(1, first, last) == sum(first <= tick <= last for tick in ticks)
    assert known.sound(2, first, last) == 0


def test_of_very_many_runs_the_oldest_become_one_and_no_sound_is_forgotten() -> None:
    known = Microphones()
    for tick in range(0, 1_000, 2):
        known.sounds(1, tick)
    assert known.sound(1, 0, 999) >= 500
    assert known.sound(1, 998 - 2 * (MOST_RUNS - 2), 999) == MOST_RUNS - 1
