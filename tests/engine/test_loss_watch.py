"""When a listener gets each packet twice."""

from __future__ import annotations

import pytest

from spacesctl.engine.fanout.loss_watch import CALM_FOR, FOR, LossWatch


@pytest.mark.parametrize(
    ("reports", "at"),
    [
        ([0.04], [0]),
        ([0.04, 0.0, 0.04, 0.02, 0.04], [0, 2, 4]),
        ([0.03] * 9, []),
        ([0.0] * 3 + [1.0], [3]),
    ],
    ids=["at once, where a report is of five seconds", "while it goes on", "three percent is not over three", "all"],
)
def test_reports_of_five_seconds_each_count_by_themselves(reports: list[float], at: list[int]) -> None:
    watch, now = LossWatch(100.0), 100.0
    changed = []
    for number, share in enumerate(reports):
        now += FOR
        watch.is_lossy = False
        if watch.report(share, now):
            changed.append(number)
    assert changed == at


def test_short_reports_must_all_be_bad_for_five_seconds() -> None:
    watch = LossWatch(0.0)
    assert [watch.report(share, at) for at, share in ((2, 0.1), (4, 0.0), (6, 0.1), (8, 0.1))] == [False] * 4
    assert watch.report(0.1, 9.0)
    assert watch.is_lossy
    assert watch.share == 0.1


def test_it_is_calm_again_after_half_a_minute_without_losses() -> None:
    watch = LossWatch(0.0)
    assert watch.report(0.1, FOR)
    for at in range(10, 60, 5):
        assert not watch.report(0.02, at), "too much to stop, though too little to begin"
    assert [watch.report(0.0, at) for at in range(60, 60 + int(CALM_FOR), 5)] == [False] * 5 + [True]
    assert not watch.is_lossy
