from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api
from tests.api.notice_scene import START, LaidOut, Scene, lay_out


@pytest.fixture
async def api(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Api]:
    async with running_api(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> LaidOut:
    return asyncio.run(lay_out(tmp_path_factory.mktemp("notices") / "data"))


@pytest.fixture
async def scene(laid_out: LaidOut, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Scene]:
    await asyncio.to_thread(shutil.copytree, laid_out.folder, tmp_path / "data")
    clock = VirtualClock(START)
    async with running_api(tmp_path / "data", first=False, clock=clock) as api:
        await api.app.alarm.stop()
        people = {who: As(api, token, f"@{who}", account_id) for who, (token, account_id) in laid_out.people.items()}
        yield Scene(api, clock, people, laid_out.space, laid_out.planned)
