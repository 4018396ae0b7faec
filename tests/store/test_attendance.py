"""Who was in which Space, as stored."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spacesctl.store import attendance
from tests.api.harness import running_api

pytestmark = pytest.mark.anyio


async def test_it_is_stored_once_and_forgotten_after_a_month(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, ann = await api.accounts("host", "ann")
        space = (await api.live(host)).rsplit("/", 1)[-1]
        now = api.app.clock.now()
        async with api.app.db.begin() as db:
            for at in (now, now + timedelta(days=1)):
                await attendance.add(db, [(space, ann.id)], at)
            assert await attendance.was_there(db, space, ann.id)
            assert not await attendance.was_there(db, space, "1")
            await attendance.add(db, [(space, host.id)], now + attendance.KEPT + timedelta(seconds=1))
            assert not await attendance.was_there(db, space, ann.id)
            assert await attendance.was_there(db, space, host.id)


async def test_nothing_is_written_when_nobody_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_api(tmp_path / "data") as api:
        host, ann = await api.accounts("host", "ann")
        space = await api.live(host)
        registry = api.app.registry
        await registry.store_attendance()
        monkeypatch.setattr(api.app.db, "begin", None)
        await registry.store_attendance()
        monkeypatch.undo()
        await api.listener(space, ann)
        [actor] = registry.live()
        assert actor.open.attendance.unstored == {ann.id}
        await registry.store_attendance()
        assert not actor.open.attendance.unstored
