"""What the engine does when encoding takes too long, and that it does not swing."""

from __future__ import annotations

import pytest

from spacesctl.engine.mixing.complexity import LITTLE, LOWEST, MOST, PATIENCE, WINDOW, Complexity

BETWEEN = (LITTLE + MOST) / 2


def run(effort: Complexity, seconds: float, windows: int = 1) -> list[int]:
    """So many windows of ticks that took so long; the level after each."""
    levels = []
    for _ in range(windows):
        for _ in range(WINDOW):
            effort.add(seconds)
        levels.append(effort.level)
    return levels


def test_it_goes_down_a_step_a_second_and_no_further_than_the_lowest() -> None:
    assert run(Complexity(), MOST * 2, 5) == [1, 2, 2, 2, 2]


def test_steps_down_are_told() -> None:
    effort = Complexity()
    assert sum(effort.add(MOST * 2) for _ in range(WINDOW * 5)) == LOWEST


@pytest.mark.parametrize(("slow", "level"), [(1, 0), (WINDOW // 2, 0), (WINDOW // 2 + 1, 1)])
def test_only_what_most_ticks_take_counts(slow: int, level: int) -> None:
    effort = Complexity()
    for number in range(WINDOW):
        effort.add(1.0 if number < slow else 0.0)
    assert effort.level == level


def test_it_goes_up_slowly() -> None:
    effort = Complexity()
    run(effort, MOST * 2, 5)
    levels = run(effort, 0.0, 2 * PATIENCE + 1)
    assert levels == [2] * (PATIENCE - 1) + [1] * PATIENCE + [0, 0]


def test_patience_begins_anew_when_there_was_no_room_between() -> None:
    effort = Complexity()
    run(effort, MOST * 2)
    run(effort, 0.0, PATIENCE - 1)
    run(effort, BETWEEN)
    assert run(effort, 0.0, PATIENCE - 1)[-1] == 1
    assert run(effort, 0.0) == [0]


@pytest.mark.parametrize("best", [MOST * factor for factor in (0.5, 1.1, 1.6, 2.4, 2.6, 6.0, 20.0)])
def test_a_steady_load_settles(best: float) -> None:
    """What own mixes cost at each level, measured."""
    effort, levels = Complexity(), []
    for _ in range(100):
        levels += run(effort, best * (210, 80, 30)[effort.level] / 210)
    assert len(set(levels[5:])) == 1
