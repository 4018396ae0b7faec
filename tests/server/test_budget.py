"""A budget that refills with time."""

from __future__ import annotations

from spacesctl.support.budget import Budget


def test_a_budget_holds_a_burst_and_refills_at_its_rate() -> None:
    budget = Budget(2.0, 4.0)
    assert [budget.take(1.0, 100.0) for _ in range(5)] == [True] * 4 + [False]
    assert not budget.take(1.0, 100.4)
    assert budget.take(1.0, 100.5)
    assert [budget.take(1.0, 200.0) for _ in range(5)] == [True] * 4 + [False], "no more than the burst is saved up"


def test_a_clock_that_goes_back_gives_nothing() -> None:
    budget = Budget(1.0, 1.0)
    assert budget.take(1.0, 10.0)
    assert not budget.take(0.5, 5.0)
