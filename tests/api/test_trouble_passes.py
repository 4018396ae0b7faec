"""A fault of the store passes, and what should have happened meanwhile happens then: nothing ends for good at its first failure."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from spacesctl.application import series_keeper
from spacesctl.application.app import App
from spacesctl.application.series import arrange_series
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.series import Series
from spacesctl.engine.messages import OpenSpace
from spacesctl.live import recorder as recorder_module
from spacesctl.live.watch import Watch
from spacesctl.server.process import alarm
from spacesctl.server.process.disk_watch import DiskWatch
from spacesctl.support import supervision
from tests.api.harness import Api, As, settled, wait_for
from tests.api.test_host_gone import Scene, scene
from tests.api.test_series import series
from tests.live.test_recorder import frames

pytestmark = pytest.mark.anyio
__all__ = ["scene"]


LEAD = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "WAITS", (0.01,))
    monkeypatch.setattr(alarm, "RETRY", timedelta(milliseconds=50))


@contextmanager
def trouble(api: Api) -> Iterator[None]:
    """No transaction can be begun, as when the disk is full."""
    begin = api.database.begin

    def refused() -> object:
        raise Unavailable("the disk of the database is full", reason="disk_full")

    api.database.begin = refused  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        api.database.begin = begin  # type: ignore[method-assign]


async def test_an_engine_that_is_replaced_during_a_fault_plays_at_once_and_the_lanes_are_closed_after_it(
    api: Api,
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    api.engine.sent.clear()
    with trouble(api):
        await api.app.registry.engine_restarted()
        assert [one.space for one in api.engine.of(OpenSpace)] == [space.rsplit("/", 1)[-1]]
        unready = (await api.nobody.call("GET", "/readyz")).json()
        assert (unready["ready"], unready["checks"]["close lanes"]) == (False, "disk_full")
    await wait_for(lambda: not api.app.registry.tasks.down)
    assert (await ann.ok("GET", space))["me"]["mic"] == "closed"


async def test_a_speaker_who_leaves_during_a_fault_has_left_after_it(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    handle = await api.app.registry.handle(space.rsplit("/", 1)[-1])
    session = next(iter(api.app.registry.live()[0].connections.sessions))
    with trouble(api):
        await handle.disconnect(session)
        assert handle.session(session) is None
        assert (await ann.ok("GET", space))["me"]["mic"] == "open"
    await wait_for(lambda: not api.app.registry.tasks.down)
    assert (await ann.ok("GET", space))["me"]["mic"] == "closed"


async def test_a_host_who_leaves_during_a_fault_is_announced_and_handed_over_from_after_it(scene: Scene) -> None:
    watch = Watch(scene.api.app.registry, scene.api.app.bot.id)
    await scene.go(scene.host)
    with trouble(scene.api):
        for _ in range(70):
            scene.clock.advance(1.0)
            with pytest.raises(Unavailable):
                await watch.look()
                raise Unavailable("there was nothing to do in the first seconds")
    assert (await scene.shown(scene.ann))["host"]["handle"] == "@host"
    await scene.seconds(2)
    assert (await scene.shown(scene.ann))["host"]["handle"] == "@cohost"


async def test_a_space_that_fails_does_not_keep_the_others_from_being_looked_at(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await api.accounts("one", "two")
    for host in (one, two):
        await api.live(host)
    first, second = api.app.registry.live()
    looked: list[str] = []

    async def fails(_bot: str) -> None:
        raise RuntimeError("a bug")

    async def works(_bot: str) -> None:
        looked.append(second.space.id)

    monkeypatch.setattr(first, "look_around", fails)
    monkeypatch.setattr(second, "look_around", works)
    with pytest.raises(RuntimeError, match="a bug"):
        await Watch(api.app.registry, api.app.bot.id).look()
    assert looked == [second.space.id]


async def test_a_space_that_is_due_during_a_fault_opens_after_it(api: Api) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "Soon", "scheduled_start": rfc3339(datetime.now(UTC) + LEAD)})
    with trouble(api):
        await asyncio.sleep(LEAD.total_seconds() + 0.3)
        assert (await host.ok("GET", f"/v1/spaces/{made['id']}"))["state"] == "scheduled"
        assert (await api.nobody.call("GET", "/readyz")).json()["checks"]["schedule"] == "disk_full"
    await until_is(host, f"/v1/spaces/{made['id']}", "live")
    await wait_for(lambda: not api.app.registry.tasks.down)


async def test_a_series_is_planned_on_after_a_fault_at_the_end_of_its_space(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await api.account("host")
    made = await series(host)
    tries: list[int] = []

    async def fails_twice(app: App, series_id: str) -> Series:
        tries.append(1)
        if len(tries) <= 2:
            raise Unavailable("the database is locked", reason="database_locked")
        return await arrange_series(app, series_id)

    monkeypatch.setattr(series_keeper, "arrange_series", fails_twice)
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/start")
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/end")
    await settled(api)
    after = await host.ok("GET", f"/v1/series/{made['id']}")
    assert len(tries) > 2
    assert after["next_start"] > made["next_start"]
    assert after["state"] == "active"


async def test_a_recording_on_a_disk_that_fails_ends_when_that_can_be_stored(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    shown = await host.ok("POST", f"{space}/recording")
    assert shown["recording"] is not None
    actor = api.app.registry.live()[0]
    monkeypatch.setattr(recorder_module, "_write_batch", _full)
    with trouble(api):
        for tick in range(200):
            actor.on_frames(frames(tick))
        await wait_for(lambda: "stop a recording" in api.app.registry.tasks.down)
        assert (await host.ok("GET", space))["recording"] is not None, "it cannot be stored yet"
    await settled(api)
    assert (await host.ok("GET", space))["recording"] is None
    [kept] = (await host.ok("GET", "/v1/recordings"))["data"]
    assert kept["reason"] == "disk"
    notices = [row["text"] for row in (await host.ok("GET", "/v1/dms"))["data"] if row["kind"] == "notice"]
    assert [text for text in notices if "disk has no room" in text] == notices[:1], "its host could not know"


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


async def test_when_the_disk_fills_there_is_a_warning_first_and_then_recordings_stop(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await host.ok("POST", f"{space}/recording")
    watch = api.app.disk = DiskWatch(tmp_path, api.app.recordings, warn_below=500 << 20)
    free = [0]
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: SimpleNamespace(free=free[0] << 20))
    seen: list[tuple[str, bool]] = []
    for free[0] in (900, 400, 100, 400, 900):
        await watch.look()
        await settled(api)
        checks = (await api.nobody.ok("GET", "/readyz"))["checks"]
        seen.append((checks["disk"], (await host.ok("GET", space))["recording"] is not None))
    assert seen == [("ok", True), ("low", True), ("low, recordings stop", False), ("low", False), ("ok", False)]
    assert "spacesctl_disk_free_bytes 9.437184e+08" in (await api.nobody.call("GET", "/metrics")).text


async def until_is(who: As, space: str, state: str) -> None:
    async with asyncio.timeout(5):
        while (await who.ok("GET", space))["state"] != state:
            await asyncio.sleep(0.02)


async def test_a_sound_file_that_is_lost_is_gone_and_nothing_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await host.ok("POST", f"{space}/recording")
    actor = api.app.registry.live()[0]
    for tick in range(60):
        actor.on_frames(frames(tick))
    await host.ok("DELETE", f"{space}/recording")
    await settled(api)
    [kept] = (await host.ok("GET", "/v1/recordings"))["data"]
    path = f"/v1/recordings/{kept['id']}/{kept['files'][0]['name']}"
    assert (await host.call("GET", path)).status_code == 200
    await asyncio.to_thread(shutil.rmtree, api.app.data / "recordings")
    lost = await host.refused("GET", path)
    assert (lost["status"], lost["code"], lost["reason"]) == (410, "gone", "lost")
