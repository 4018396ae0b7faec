"""What happens when somebody sets the wall clock: schedules follow it, the Space clock does not."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base as scheduling

from spacesctl.domain.clock import rfc3339
from spacesctl.engine.clock import Grid, SpaceClock
from spacesctl.engine.messages import Ready
from spacesctl.live.clock import ClockMark, RunningClock, tick_after
from spacesctl.support import clock as wall
from spacesctl.support.clock import VirtualClock
from tests.api.harness import FINGERPRINT, Api
from tests.api.test_series import series

pytestmark = pytest.mark.anyio


class Shifted(datetime):
    """A wall clock that a test sets."""

    by = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Shifted]:
    monkeypatch.setattr(scheduling, "datetime", Shifted)
    monkeypatch.setattr(wall, "datetime", Shifted)
    monkeypatch.setattr(Shifted, "by", timedelta(0))
    return Shifted


def look(api: Api, clock: type[Shifted], slept: float = 0.0) -> None:
    """What the server does every second. `slept`: for how long the machine has slept."""
    now = time.monotonic()
    api.app.alarm.mind_the_clock(time.time() + clock.by.total_seconds(), now, now + slept)


async def state_of(api: Api, space: str) -> str:
    for _ in range(50):
        await asyncio.sleep(0.01)
    return str((await api.owner.ok("GET", f"/v1/spaces/{space}"))["state"])


@pytest.mark.parametrize(("hours", "state"), [(0, "scheduled"), (1, "live"), (3, "live"), (-5, "scheduled")], ids=str)
async def test_a_start_follows_a_clock_that_is_set(api: Api, clock: type[Shifted], hours: int, state: str) -> None:
    host = await api.account("host")
    start = datetime.now(UTC) + timedelta(hours=1)
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "scheduled_start": rfc3339(start)}))["id"]
    look(api, clock)
    clock.by = timedelta(hours=hours)
    look(api, clock)
    assert await state_of(api, space) == state


async def test_a_start_that_the_machine_slept_through_is_called_off(api: Api, clock: type[Shifted]) -> None:
    host = await api.account("host")
    start = datetime.now(UTC) + timedelta(hours=1)
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "scheduled_start": rfc3339(start)}))["id"]
    look(api, clock)
    clock.by = timedelta(hours=3)
    look(api, clock, slept=3 * 3600.0)
    assert await state_of(api, space) == "canceled"


async def test_a_start_that_is_planned_after_the_clock_was_set_can_be_too_late(api: Api, clock: type[Shifted]) -> None:
    host = await api.account("host")
    look(api, clock)
    clock.by = timedelta(hours=3)
    look(api, clock)
    start = datetime.now(UTC) + timedelta(hours=4)
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "scheduled_start": rfc3339(start)}))["id"]
    clock.by = timedelta(hours=6)
    look(api, clock, slept=3 * 3600.0)
    assert await state_of(api, space) == "canceled"


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_duration_is_counted_by_the_space_clock(api: Api, clock: type[Shifted], hours: int) -> None:
    host = await api.account("host")
    space = (await series(host, duration=3600))["next_space_id"]
    await host.ok("POST", f"/v1/spaces/{space}/start")
    look(api, clock)
    clock.by = timedelta(hours=hours)
    look(api, clock)
    assert await state_of(api, space) == "live"
    job = api.app.alarm._scheduler.get_job(f"end {space}")
    left = job.trigger.run_date - (datetime.now(UTC) + clock.by)
    assert timedelta(seconds=3590) < left <= timedelta(seconds=3600)


async def test_a_clock_set_back_does_not_open_a_space_twice(api: Api, clock: type[Shifted]) -> None:
    host = await api.account("host")
    start = datetime.now(UTC) + timedelta(hours=1)
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "scheduled_start": rfc3339(start)}))["id"]
    look(api, clock)
    for hours in (1, 0, 1):
        clock.by = timedelta(hours=hours)
        look(api, clock)
        assert await state_of(api, space) == "live"
    events = [stored for stored in await _types(api, space) if stored == "space.started"]
    assert len(events) == 1


async def _types(api: Api, space: str) -> list[str]:
    from spacesctl.store import spaces as space_store

    async with api.app.db.read() as db:
        return [stored.type for stored in await space_store.events_after(db, space, 0, limit=100)]


@pytest.mark.parametrize("hours", [-2, 2])
async def test_the_space_clock_does_not_move_with_the_wall_clock(api: Api, clock: type[Shifted], hours: int) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "A", "start": True})
    clock.by = timedelta(hours=hours)
    assert (await host.ok("GET", f"/v1/spaces/{made['id']}"))["tick"] < 500  # ten seconds of ticks


async def test_the_end_stands_at_its_own_tick_and_nothing_comes_after_it(api: Api) -> None:
    host = await api.account("host")
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "start": True}))["id"]
    actor = await api.app.registry.actor_of(space)
    await asyncio.sleep(0.1)
    await host.ok("POST", f"/v1/spaces/{space}/end")
    ended = actor.tick
    assert ended >= 5
    await asyncio.sleep(0.1)
    await host.call("POST", f"/v1/spaces/{space}/end")
    assert actor.tick == ended


@pytest.mark.parametrize("first", [0, 7000])
@pytest.mark.parametrize("off", [0.0, 3600.0, -3600.0])
def test_control_and_engine_count_the_same_ticks_wherever_the_wall_clock_was_set(first: int, off: float) -> None:
    """`off`: the seconds that the wall clock was set ahead after the engine's clock was anchored."""
    grid = Grid(utc=1_700_000_000.0, monotonic=400.0)
    ready = Ready("127.0.0.1", 1, FINGERPRINT, utc=grid.utc, monotonic=grid.monotonic)
    stands = VirtualClock(datetime.fromtimestamp(grid.utc + off, UTC))
    stands.advance(1_000.0)
    running = RunningClock(first, stands)
    number = grid.at(stands.monotonic()) + 1
    engine = SpaceClock.start(grid, number, running.started_at(ready), first)
    for _ in range(5):
        stands.advance(60.0)
        assert running.tick() - engine.tick(grid.at(stands.monotonic())) in (0, 1), "the grid's tick began a moment ago"
        assert abs(running.tick() - first - (stands.monotonic() - 1_000.0) * 50) < 1


def test_without_an_engine_tick_0_is_told_by_the_wall_clock() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    running = RunningClock(500, clock)
    clock.advance(10.0)
    assert running.started_at(None) == datetime(2026, 1, 1, tzinfo=UTC).timestamp() - 10.0


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (ClockMark(100, "virtual", 40.0), 3_000),  # 60 s have passed since tick 0
        (ClockMark(5_000, "virtual", 40.0), 5_000),  # never back
        (ClockMark(100, "another boot", 40.0), 180_000),  # only the wall clock tells
        (ClockMark(100, None, None), 180_000),
        (ClockMark(200_000, "another boot", 40.0), 200_000),
    ],
    ids=str,
)
def test_a_server_that_starts_again_counts_on_where_the_clock_must_be(mark: ClockMark, expected: int) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    clock.advance(100.0)
    assert tick_after(mark, clock.now() - timedelta(hours=1), clock) == expected
