"""What every test of the domain runs under."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from spacesctl.domain import recurrence, rrule


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No test rests on an answer that another has had cached: `make mutate` tries each mutant after a run of all tests."""
    for cached in (rrule._exact_rule, rrule._clock_changes, recurrence._zone):
        cached.cache_clear()


@pytest.fixture
def machine_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are told in UTC or in the zone of a series, never in that of the machine."""
    with monkeypatch.context() as surroundings:
        surroundings.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()
