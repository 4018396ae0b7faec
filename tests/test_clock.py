"""The clocks that are passed to what asks for the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spacesctl.support.clock import REAL, VirtualClock

START = datetime(2026, 11, 30, 18, tzinfo=UTC)


def test_the_real_clock_tells_utc_in_the_resolution_of_the_store() -> None:
    now = REAL.now()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    assert now.microsecond % 1000 == 0
    assert REAL.monotonic() <= REAL.monotonic()


def test_a_virtual_clock_stands_until_it_is_moved_and_never_goes_back() -> None:
    clock = VirtualClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(90.0005)
    assert clock.now() == START + timedelta(seconds=90)
    assert clock.monotonic() == pytest.approx(90.0005)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1.0)


def test_a_virtual_clock_runs_at_any_speed() -> None:
    clock = VirtualClock(START, speed=1_000_000.0)
    first = clock.monotonic()
    while clock.monotonic() - first < 1_000.0:  # a millisecond of ours
        pass
    assert clock.now() >= START + timedelta(seconds=1_000)
