"""What happens when somebody sets the wall clock: schedules follow it, the Space clock does not."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base as scheduling

from spacesctl.domain.clock import rfc3339
from spacesctl.engine.messages import Ready
from spacesctl.live.clock import RunningClock
from spacesctl.support import clock as wall
from spacesctl.support.clock import VirtualClock
from tests.api.harness import FINGERPRINT, Api

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


def look(api: Api, clock: type[Shifted]) -> None:
    """What the server does every second."""
    api.app.alarm.mind_the_clock(time.time() + clock.by.total_seconds(), time.monotonic())


async def state_of(api: Api, space: str) -> str:
    for _ in range(50):
        await asyncio.sleep(0.01)
    return str((await api.owner.ok("GET", f"/v1/spaces/{space}"))["state"])


@pytest.mark.parametrize(
    ("hours", "state"), [(0, "scheduled"), (1, "live"), (3, "canceled"), (-5, "scheduled")], ids=str
)
async def test_a_start_follows_a_clock_that_is_set(api: Api, clock: type[Shifted], hours: int, state: str) -> None:
    host = await api.account("host")
    start = datetime.now(UTC) + timedelta(hours=1)
    space = (await host.ok("POST", "/v1/spaces", {"title": "A", "scheduled_start": rfc3339(start)}))["id"]
    look(api, clock)
    clock.by = timedelta(hours=hours)
    look(api, clock)
    assert await state_of(api, space) == state


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


@pytest.mark.parametrize(
    ("since", "first_tick", "expected"), [(100.0, 0, 5000), (100.0, 7000, 7000), (-3600.0, 0, 0)], ids=str
)
def test_a_running_clock_begins_as_the_engine_begins(since: float, first_tick: int, expected: int) -> None:
    """`since` seconds after the start by the engine's own clock, which was anchored long before."""
    monotonic = 1_000.0
    ready = Ready("127.0.0.1", 1, FINGERPRINT, utc=1_700_000_000.0, monotonic=400.0)
    started = datetime.fromtimestamp(ready.utc + 600.0 - since, UTC)
    stands = VirtualClock(started)
    stands.advance(monotonic)
    clock = RunningClock(started, first_tick, ready, stands)
    stands.advance(0.05)
    assert clock.tick() == expected + 2
