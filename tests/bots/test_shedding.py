"""What is given up when recognisers are too slow, on a model of a processor that is shared fairly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.lateness import BEHIND, FOR_SECONDS, ON_TIME, Lateness
from bots.hearing.processors import WINDOW, Processors, Use, idle_seconds, ran_seconds
from bots.hearing.shedding import LOOK_SECONDS, ROOM_AFTER, SHED_AT, SHED_EARLY_AT, SPARE, Load, Shedder


class Machine:
    """`cores` that lanes share, each of which needs `cost` of one for its talk. `tells` how many are idle."""

    def __init__(self, cores: float, costs: list[float], *, tells: bool = False) -> None:
        self.cores = cores
        self.costs = costs
        self.tells = tells
        self.given_up = 0
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
            used = min(demand / LOOK_SECONDS, self.cores)
            before = len(self.shedder.shed)
            self.shedder.look(self.now, loads, Use(self.cores - used, used) if self.tells else None)
            self.given_up += max(0, len(self.shedder.shed) - before)

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


def test_a_lane_that_falls_further_and_further_behind_is_given_up_though_the_others_catch_up() -> None:
    shedder = Shedder[int]()
    shedder.forget()
    for look in range(5):
        other = 1.3 - 0.3 * look
        shedder.look(
            look * LOOK_SECONDS, [Load(0, 0.9 + 0.2 * look, 9000.0), Load(1, other, 10.0), Load(2, other, 10.0)]
        )
    assert shedder.shed == {0}


def test_that_a_lane_was_given_up_is_not_taken_for_catching_up() -> None:
    shedder = Shedder[int]()
    for look in range(3):
        shedder.look(look * LOOK_SECONDS, [Load(lane, 1.1 + 0.05 * look, 10.0) for lane in range(6)])
    assert len(shedder.shed) == 3


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


def test_where_it_is_known_how_much_is_idle_no_lane_comes_back_for_which_there_is_no_time() -> None:
    blind, seeing = Machine(2.0, [0.3] * 10), Machine(2.0, [0.3] * 10, tells=True)
    for machine in (blind, seeing):
        machine.run(600)
    assert seeing.given_up < blind.given_up
    assert seeing.worst < 1.5
    assert len(seeing.kept) * 0.3 + SPARE * 0.3 > 2.0 - 0.3, "no more than needed is given up"


def test_when_no_processor_is_idle_lanes_are_given_up_sooner() -> None:
    def shed(use: Use | None) -> set[int]:
        shedder = Shedder[int]()
        for look in range(3):
            lag = SHED_EARLY_AT + 0.01 + look / 100
            shedder.look(look, [Load(0, lag, 9000.0), Load(1, lag, 10.0)], use)
        return shedder.shed

    assert shed(Use(0.0, 2.0)) == {1}
    assert shed(Use(0.5, 1.5)) == shed(None) == set()


def test_all_lanes_come_back_when_who_was_given_up_is_the_only_one() -> None:
    shedder = Shedder[int]()
    for look in range(4):
        shedder.look(look, [Load(0, 0.9 + look, 9000.0), Load(1, 0.9 + look, 10.0)], Use(0.0, 2.0))
    assert shedder.shed == {1}
    for look in range(4, 40):
        shedder.look(look, [Load(0, 0.0, 1.0, busy=False), Load(1, 0.0, 9.0)], Use(2.0, 0.0))
    assert not shedder.shed


def test_processors_tell_what_was_idle_and_what_recognisers_took() -> None:
    idle = iter([10.0, 10.5, 11.0, 12.0])
    ran = {7: 5.0, 8: 0.0, 9: 3.0}
    processors = Processors(lambda: next(idle), ran.__getitem__)
    assert processors.look(0.0, [7, 8]) is None
    ran[7] = 5.5
    assert processors.look(1.0, [7, 8]) is None, f"less than {WINDOW} s"
    ran[7], ran[8] = 5.6, 0.4
    use = processors.look(2.0, [7, 8])
    assert use is not None
    assert (use.idle, use.recognisers) == pytest.approx((0.5, 0.5))
    ran[8] = 1.4
    use = processors.look(3.0, [8])
    assert use is not None
    assert (use.idle, use.recognisers) == pytest.approx((0.75, 0.75)), "one has ended, and the first look is forgotten"


def test_where_the_system_tells_nothing_nothing_is_known() -> None:
    processors = Processors(lambda: None)
    assert [processors.look(now, []) for now in (0.0, 5.0)] == [None, None]


def test_linux_tells_both() -> None:
    assert (idle_seconds() or 1.0) > 0
    assert ran_seconds(1) >= 0
    assert ran_seconds(1 << 22) == 0.0
