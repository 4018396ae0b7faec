"""What a report weighs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.reporting import Record, weights


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
