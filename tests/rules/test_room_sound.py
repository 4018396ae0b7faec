"""What is known of lanes from the levels that are told: by table, and for whatever order and pieces they come in."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.room_sound import KEPT, LONGEST_STEP, LaneLevel, RoomSound

STEP = 12
"""Ticks between two messages, as the engine sends them, about."""


def talking(lane: int, level: int = -20, clipped: int = 0, noise: int | None = -60) -> LaneLevel:
    return LaneLevel(lane, level, True, clipped, noise)


def quiet(lane: int, noise: int | None = -60) -> LaneLevel:
    return LaneLevel(lane, -127, False, 0, noise)


def told(room: RoomSound, ticks: int, *levels: LaneLevel) -> None:
    """The same for so many ticks."""
    for _ in range(ticks // STEP):
        room.take(room.tick + STEP, levels)


def room_of(*stretches: tuple[int, tuple[LaneLevel, ...]]) -> RoomSound:
    room = RoomSound()
    for ticks, levels in stretches:
        told(room, ticks, *levels)
    return room


def test_a_level_is_the_mean_of_the_energy_of_the_last_three_seconds() -> None:
    room = room_of((600, (talking(1, -40),)), (156, (talking(1, -10),)))
    assert room.level_lately(1) == pytest.approx(-10, abs=0.1)
    told(room, 72, talking(1, -127))
    assert room.level_lately(1) == pytest.approx(-13, abs=0.5)


def test_a_moment_of_talk_has_no_level_yet_and_a_pause_has_none() -> None:
    room = room_of((36, (talking(1),)))
    assert room.level_lately(1) is None
    told(room, 24, talking(1))
    assert room.level_lately(1) == pytest.approx(-20)
    told(room, 120, quiet(1))
    assert (room.level_lately(1), room.clipping(1)) == (None, 0.0)
    told(room, 240, quiet(1))
    assert room.clipping(1) is None


def test_the_level_of_words_is_that_while_they_were_said() -> None:
    room = room_of((120, (talking(1, -30),)), (120, (talking(1, -12),)), (120, (talking(1, -50),)))
    assert room.level(1, 130, 200) == pytest.approx(-12)
    assert room.level(2, 130, 200) is None
    assert (room.talks(1, 0, 5), room.talks(1, 400, 500), room.talks(2, 0, 500)) == (True, False, False)


@pytest.mark.parametrize(("clipped", "share"), [(0, 0.0), (3, 0.25), (12, 1.0), (40, 1.0)])
def test_clipping_is_a_share_of_talk(clipped: int, share: float) -> None:
    room = room_of((252, (quiet(1),)), (60, (talking(1, clipped=clipped),)))
    assert room.clipping(1) == pytest.approx(share)


def test_noise_is_the_newest_floor_that_was_told_and_unknown_of_a_shut_microphone() -> None:
    room = room_of((36, (talking(1, noise=-60),)), (12, (talking(1, noise=-38),)))
    assert (room.noise(1), room.noise(2)) == (-38, None)
    told(room, 12, quiet(1, noise=None))
    assert room.noise(1) is None


def test_talk_goes_on_over_short_pauses_and_begins_anew_after_a_long_one() -> None:
    room = room_of((600, (talking(1),)), (84, (quiet(1),)), (600, (talking(1),)))
    assert room.continuous_talk(1, room.tick) == pytest.approx(25.7, abs=0.3)
    told(room, 96, quiet(1))
    assert room.continuous_talk(1, room.tick) > 25
    told(room, 12, quiet(1))
    assert room.continuous_talk(1, room.tick) == 0
    told(room, 120, talking(1))
    assert room.continuous_talk(1, room.tick) == pytest.approx(2.4)
    assert room.continuous_talk(1, room.tick + 100) == 0, "nothing was told for two seconds: nobody talks"


def test_who_begins_later_talks_over_who_began_before() -> None:
    room = room_of((600, (talking(1), quiet(2))), (240, (talking(1), talking(2))))
    assert (room.crosstalk(1), room.crosstalk(2)) == (0.0, 1.0)
    told(room, 240, quiet(1), talking(2))
    assert room.crosstalk(2) == pytest.approx(0.5)
    told(room, 240, talking(1), talking(2))
    assert room.crosstalk(1) == pytest.approx(240 / 1080, abs=0.02), "now it is the first one who interrupts"


def test_who_begins_at_once_talks_over_nobody() -> None:
    room = room_of((240, (talking(1), talking(2))))
    assert (room.crosstalk(1), room.crosstalk(2)) == (0.0, 0.0)


def test_a_share_of_talk_needs_others_and_half_a_minute() -> None:
    assert room_of((3000, (talking(1),))).talk_share(1) is None, "nobody else could have talked"
    room = room_of((1200, (talking(1), quiet(2))))
    assert room.talk_share(1) is None
    told(room, 600, talking(1), quiet(2))
    assert (room.talk_share(1), room.talk_share(2), room.talk_share(3)) == (None, 0.0, None), (
        "a silent microphone is nobody"
    )
    told(room, 240, quiet(1), talking(2))
    assert room.talk_share(1) is None, "nor are five words"
    told(room, 360, quiet(1), talking(2))
    assert room.talk_share(1) == pytest.approx(0.75)
    told(room, 6000, quiet(1), talking(2))
    assert (room.talk_share(1), room.talk_share(2)) == (0.0, None), "it is too long ago"


def hum(lane: int) -> LaneLevel:
    """A steady loud noise: its floor is nearly its level."""
    return talking(lane, -25, noise=-30)


def test_nobody_talks_over_a_hum_and_a_hum_over_nobody() -> None:
    room = room_of((600, (hum(2), quiet(1))), (600, (hum(2), talking(1))), (600, (hum(2), talking(1), talking(3))))
    assert (room.crosstalk(1), room.crosstalk(2), room.crosstalk(3)) == (0.0, None, 1.0)
    room = room_of((600, (talking(1), quiet(2))), (600, (talking(1), hum(2))))
    assert room.crosstalk(2) is None


def test_a_hum_has_no_share_of_talk_but_a_level() -> None:
    room = room_of((2400, (hum(2), talking(1))))
    assert (room.talk_share(1), room.talk_share(2)) == (None, 0.0)
    assert room.level_lately(2) == pytest.approx(-25)
    told(room, 600, hum(2), quiet(1), talking(3))
    assert room.talk_share(1) == pytest.approx(0.8, abs=0.01)


Message = tuple[int, tuple[LaneLevel, ...]]
_level = st.builds(
    LaneLevel,
    st.integers(1, 3),
    st.integers(-127, 0),
    st.booleans(),
    st.integers(0, 20),
    st.none() | st.integers(-127, 0),
)
_messages = st.lists(
    st.tuples(st.integers(1, 200), st.lists(_level, max_size=3, unique_by=lambda one: one.lane).map(tuple)), max_size=60
)


def timed(steps: Iterable[Message]) -> list[Message]:
    at, found = 0, []
    for step, levels in steps:
        at += step
        found.append((at, levels))
    return found


def known(room: RoomSound) -> list[object]:
    return [
        (
            room.level_lately(lane), room.clipping(lane), room.noise(lane), room.continuous_talk(lane, room.tick),
            room.crosstalk(lane), room.talk_share(lane), room.level(lane, room.tick - 200, room.tick),
        )
        for lane in (1, 2, 3)
    ]  # fmt: skip


@given(_messages, st.data())
def test_what_comes_twice_or_late_changes_nothing(steps: list[Message], data: st.DataObject) -> None:
    messages = timed(steps)
    plain, odd = RoomSound(), RoomSound()
    for number, (tick, levels) in enumerate(messages):
        assert plain.take(tick, levels)
        odd.take(tick, levels)
        again = messages[data.draw(st.integers(0, number))]
        assert not odd.take(*again)
    assert known(plain) == known(odd)


@given(_messages)
def test_values_are_within_their_units_and_memory_is_bounded(steps: list[Message]) -> None:
    room = RoomSound()
    for tick, levels in timed(steps):
        room.take(tick, levels)
        for lane in (1, 2, 3):
            for share in (room.clipping(lane), room.crosstalk(lane), room.talk_share(lane)):
                assert share is None or 0 <= share <= 1
            level = room.level_lately(lane)
            assert level is None or -127.01 <= level <= 0.01
            assert 0 <= room.continuous_talk(lane, room.tick) <= (room.tick + 1) / 50
    shares = [share for lane in (1, 2, 3) if (share := room.talk_share(lane)) is not None]
    assert not shares or sum(shares) == pytest.approx(1)
    assert all(one.talk[0].tick > room.tick - KEPT for one in room._lanes.values() if one.talk)


def test_an_hour_of_many_lanes_is_forgotten() -> None:
    room = RoomSound()
    for tick in range(1, 3600 * 50, LONGEST_STEP):
        room.take(tick, [talking(tick // 3000 + 1)])
    assert len(room.lanes()) < 5
    assert sum(len(one.talk) for one in room._lanes.values()) <= KEPT // LONGEST_STEP + 1
