"""Ticks: a Space's numbering of the engine's grid."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.engine.clock import TICK_SECONDS, Grid, SpaceClock, timestamp
from spacesctl.engine.metrics import Metrics, Ring
from spacesctl.engine.ticker import RESTING_TICKS, Ticker

MOMENT = st.floats(0, 1e9, allow_nan=False)


@given(MOMENT, st.integers(0, 10**9))
def test_the_grid_finds_the_tick_that_is_due(anchor: float, number: int) -> None:
    grid = Grid(1.7e9, anchor)
    assert grid.at(grid.due(number)) == number
    assert grid.at(grid.due(number) + TICK_SECONDS / 2) == number


@given(st.floats(1.6e9, 1.9e9), st.floats(-1e6, 1e6), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_space_clock_is_utc_and_never_below_its_first_tick(utc: float, age: float, first: int, number: int) -> None:
    grid = Grid(utc, 5.0)
    clock = SpaceClock.start(grid, number, utc - age, first)
    assert clock.tick(number) >= max(first, 0)
    assert [clock.tick(number + ahead) - clock.tick(number) for ahead in range(5)] == list(range(5))
    by_utc = (grid.utc_of(number) - (utc - age)) / TICK_SECONDS
    if by_utc > first + 1:
        assert abs(clock.tick(number) - by_utc) <= 1.001


def test_two_engines_agree_on_a_spaces_tick() -> None:
    before, after = Grid(1000.0, 5.0), Grid(1600.0, 3.0)
    one = SpaceClock.start(before, 100, 900.0, 0)
    two = SpaceClock.start(after, 0, 900.0, one.tick(200) + 1)
    assert two.tick(0) == 35_000
    assert one.tick((1600 - 1000) * 50) == two.tick(0)


def test_rtp_time_turns() -> None:
    assert timestamp(1) == 960
    assert timestamp(2**32) == 0


@pytest.mark.alone
def test_a_tick_that_is_missed_is_skipped_and_counted() -> None:
    metrics, seen = Metrics(), []

    async def body() -> None:
        def work(number: int, _now: float) -> None:
            seen.append(number)
            if len(seen) == 3:
                until = time.monotonic() + 0.07  # works, rather than sleeps
                while time.monotonic() < until:
                    pass

        ticker = Ticker(Grid.now(), work, metrics)
        ticker.start()
        await asyncio.sleep(0.25)
        ticker.stop()

    asyncio.run(body())
    assert seen == sorted(set(seen))
    skipped = metrics.counters["ticks_skipped"]
    assert skipped >= 2
    assert seen[-1] - seen[0] + 1 == len(seen) + skipped
    assert metrics.counters["ticks"] == len(seen)
    assert metrics.timings()["work_ms_max"] >= 69
    assert 0 < metrics.timings()["cpu_ms_max"] <= metrics.timings()["work_ms_max"]


@pytest.mark.alone
def test_an_idle_engine_ticks_twice_a_second_until_it_is_woken() -> None:
    seen: list[int] = []
    metrics, idle = Metrics(), True

    async def body() -> None:
        nonlocal idle
        ticker = Ticker(Grid.now(), lambda number, _now: seen.append(number), metrics, lambda: idle)
        ticker.start()
        await asyncio.sleep(0.7)
        assert 2 <= len(seen) <= 3
        assert all(number % RESTING_TICKS == 0 for number in seen[1:])
        idle, before = False, len(seen)
        ticker.wake()
        due = ticker.next_due - time.monotonic()
        await asyncio.sleep(0.3)
        ticker.stop()
        assert due <= TICK_SECONDS
        assert len(seen) - before + metrics.counters["ticks_skipped"] >= 12

    asyncio.run(body())


def test_a_ring_keeps_the_newest() -> None:
    ring = Ring(10)
    assert ring.summary("x") == {"x_p50": 0.0, "x_p99": 0.0, "x_max": 0.0}
    for value in range(100):
        ring.add(value)
    assert ring.summary("x")["x_p50"] == 94.5
    assert ring.summary("x")["x_max"] == 99
