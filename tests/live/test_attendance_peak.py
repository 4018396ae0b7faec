"""How many people were in a Space at once, and what of it is stored."""

from __future__ import annotations

from spacesctl.live.attendance import Attendance


def test_the_most_at_once_is_kept_until_it_is_stored() -> None:
    there = Attendance()
    unstored = [there.unstored_peak]
    for count in (2, 5, 3):
        there.counted(count)
        unstored.append(there.unstored_peak)
    there.counted(6)
    there.stored(frozenset(), 5)
    unstored.append(there.unstored_peak)
    there.stored(frozenset(), 6)
    assert [*unstored, there.unstored_peak] == [None, 2, 5, 5, 6, None]
    assert there.peak == 6
