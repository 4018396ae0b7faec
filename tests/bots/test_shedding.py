"""What is given up when recognisers are too slow, on a model of a processor that is shared fairly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.lateness import BEHIND, FOR_SECONDS, ON_TIME, Lateness
from bots.hearing.shedding import LOOK_SECONDS, ROOM_AFTER, SHED_AT, Load, Shedder


class Machine:
    """`cores` that lanes share, each of which needs `cost` of one for its talk."""

    def __init__(self, cores: float, costs: list[float]) -> None:
        self.cores = cores
        self.costs = costs
        self.lags = [0.0] * len(costs)
        self.now = 0.0
        self.shedder = Shedder[int]()
        self.worst = 0.0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / LOOK_SECONDS)):
            self.now += LOOK_SECONDS
            kept = [lane for lane in range(len(self.costs)) if lane not in self.shedder.shed]
            demand = sum(self.costs[lane] * (LOOK_SECONDS + self.lags[lane]) for lane in kept)
            share = min(1.0, self.cores * LOOK_SECONDS / demand) if demand else 1.0
            for lane in range(len(self.costs)):
                done = (LOOK_SECONDS + self.lags[lane]) * share
                self.lags[lane] = self.lags[lane] + LOOK_SECONDS - done if lane in kept else 0.0
            self.worst = max([self.worst, *(self.lags[lane] for lane in kept)])
            loads = [Load(lane, self.lags[lane], 100.0 * 1.5 ** (30 - lane)) for lane in range(len(self.costs))]
            self.shedder.look(self.now, loads)

    @property
    def kept(self) -> list[int]:
        return [lane for lane in range(len(self.costs)) if lane not in self.shedder.shed]


def test_nothing_is_given_up_while_there_is_time() -> None:
    machine = Machine(2.0, [0.3] * 6)
    machine.run(600)
    assert (machine.kept, machine.shedder.lean) == ([0, 1, 2, 3, 4, 5], False)


def test_the_least_active_are_given_up_and_those_that_are_kept_are_never_2_s_late() -> None:
    machine = Machine(2.0, [0.3] * 10)
    machine.run(60)
    assert machine.kept == list(range(len(machine.kept)))
    assert 4 <= len(machine.kept) <= 7
    machine.run(540)
    assert machine.worst <= 2.0


def test_partial_results_are_given_up_before_lanes() -> None:
    machine = Machine(2.0, [0.3] * 7)
    while not machine.shedder.lean:
        machine.run(LOOK_SECONDS)
        assert not machine.shedder.shed


def test_lanes_come_back_when_there_is_room_and_partial_results_last() -> None:
    machine = Machine(2.0, [0.3] * 10)
    machine.run(30)
    assert machine.shedder.shed
    machine.costs = [0.1] * 10
    while machine.shedder.shed:
        assert machine.shedder.lean
        machine.run(ROOM_AFTER)
        assert machine.now < 300
    machine.run(4 * ROOM_AFTER)
    assert not machine.shedder.lean


def test_the_one_that_is_left_is_late_but_heard() -> None:
    machine = Machine(0.2, [0.3] * 3)
    machine.run(30)
    assert machine.kept == [0]


def test_silent_lanes_are_not_given_up_since_they_take_no_time() -> None:
    shedder = Shedder[int]()
    for look in range(20):
        shedder.look(look, [Load(0, 3.0 + look, 9.0), Load(1, 0.0, 0.0, busy=False), Load(2, 3.0 + look, 8.0)])
    assert shedder.shed == {2}


def test_after_a_restart_lanes_are_late_and_none_is_given_up_if_they_catch_up() -> None:
    shedder = Shedder[int]()
    shedder.look(0, [Load(0, 0.1, 1.0), Load(1, 0.1, 1.0)])
    shedder.forget()
    for look in range(1, 20):
        lag = max(0.0, 5.0 - look * 0.5)
        shedder.look(look, [Load(0, lag, 1.0), Load(1, lag, 1.0), Load(2, 30.0, 1.0, again=True)])
    assert not shedder.shed


def test_a_lane_that_closes_is_forgotten() -> None:
    shedder = Shedder[int]()
    for look in range(5):
        shedder.look(look, [Load(0, 3.0 + look, 9.0), Load(1, 3.0 + look, 8.0)])
    assert shedder.shed == {1}
    shedder.look(6, [Load(0, 0.0, 9.0)])
    assert shedder.shed == set()


@given(st.lists(st.floats(0.05, 0.6), min_size=1, max_size=30), st.floats(0.5, 8.0))
def test_whoever_is_given_up_somebody_is_always_heard(costs: list[float], cores: float) -> None:
    machine = Machine(cores, costs)
    machine.run(120)
    assert machine.kept
    assert machine.worst < SHED_AT or machine.shedder.shed or sum(costs) < cores * 1.2 or len(costs) == 1


@pytest.mark.parametrize(("lag", "behind"), [(BEHIND, False), (BEHIND + 0.1, True)])
def test_people_are_told_when_a_lane_is_more_than_2_s_late(lag: float, behind: bool) -> None:
    assert Lateness().look(1.0, lag) is behind


def test_the_sign_does_not_flicker() -> None:
    lateness = Lateness()
    assert lateness.look(0.0, BEHIND + 1)
    assert lateness.look(1.0, ON_TIME / 2), "not on time for long enough"
    assert lateness.look(2.0, ON_TIME)
    assert lateness.look(3.0, 0.0)
    assert not lateness.look(2.0 + FOR_SECONDS + 0.1, 0.0)
    assert not lateness.look(9.0, ON_TIME + 0.5)


def test_of_lanes_that_are_about_equally_active_the_latest_is_given_up() -> None:
    shedder = Shedder[int]()
    for look in range(2):
        shedder.look(look, [Load(0, 0.9 + look, 1000.0), Load(1, 1.5 + look, 1100.0), Load(2, 1.9 + look, 2000.0)])
    assert shedder.shed == {0, 1}
    assert shedder.lean


def test_after_one_too_many_has_come_back_as_many_are_tried_again_later_and_fewer_soon() -> None:
    machine = Machine(2.0, [0.3] * 10)
    machine.run(120)
    settled = len(machine.kept)
    machine.cores = 0.5  # somebody else needs the processor for a moment
    machine.run(5)
    assert len(machine.kept) < settled
    machine.cores = 2.0
    machine.run(2 * ROOM_AFTER * (settled - len(machine.kept)) + 10)
    assert len(machine.kept) >= settled - 1
