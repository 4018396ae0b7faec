"""What a report weighs, and how many there may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.errors import TooMany
from spacesctl.domain.reporting import (
    HOUR,
    MOST_ABOUT_ONE,
    MOST_BY_ONE,
    MOST_IN_A_SPACE,
    Filed,
    Record,
    require_few,
    weights,
)  # fmt: skip


@pytest.mark.parametrize(
    ("upheld", "dismissed", "weight"), [(0, 0, 1), (1, 0, 4 / 3), (0, 1, 2 / 3), (5, 5, 1), (0, 8, 0.2), (8, 0, 1.8)]
)
def test_a_report_weighs_what_was_found_of_its_reporters_earlier_ones(
    upheld: int, dismissed: int, weight: float
) -> None:
    assert Record(upheld, dismissed).weight == pytest.approx(weight)


_count = st.integers(0, 10_000)


@given(_count, _count)
def test_each_that_is_upheld_adds_weight_and_each_that_is_dismissed_takes_some(upheld: int, dismissed: int) -> None:
    weight = Record(upheld, dismissed).weight
    assert 0 < weight < 2
    assert Record(upheld + 1, dismissed).weight > weight > Record(upheld, dismissed + 1).weight


_filed = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=20)


@given(_filed, st.randoms())
def test_nobody_counts_twice_and_order_does_not_matter(filed: list[tuple[str, str]], random: object) -> None:
    records = {"a": Record(3, 0), "b": Record(0, 3)}
    found = weights(filed, records)
    assert found == pytest.approx(weights([*reversed(filed), *filed], records))
    for target in "xyz":
        reporters = {reporter for reporter, about in filed if about == target}
        assert found.get(target, 0.0) == pytest.approx(sum(records.get(one, Record()).weight for one in reporters))


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filed", "wait"),
    [
        (Filed(0, 0, 0), None),
        (Filed(MOST_IN_A_SPACE - 1, MOST_ABOUT_ONE - 1, MOST_BY_ONE - 1, NOW - timedelta(minutes=30)), None),
        (Filed(9, 9, MOST_BY_ONE, NOW - timedelta(minutes=50)), 600),
        (Filed(200, MOST_ABOUT_ONE, 0, NOW - HOUR + timedelta(milliseconds=1)), 1),
        (Filed(MOST_IN_A_SPACE, 0, 0, NOW - timedelta(seconds=1)), 3599),
    ],
)
def test_a_flood_of_reports_waits_and_what_was_filed_is_kept(filed: Filed, wait: int | None) -> None:
    if wait is None:
        require_few(filed, NOW)
        return
    with pytest.raises(TooMany) as caught:
        require_few(filed, NOW)
    assert caught.value.retry_after == wait
