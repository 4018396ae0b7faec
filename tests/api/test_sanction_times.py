"""Sanctions for a time end in time, also when many begin and end at once, and when the store fails in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from spacesctl.application import people
from spacesctl.server.process import alarm
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def muted(host: As, space: str) -> int:
    return sum(row["muted"] for row in (await host.ok("GET", f"{space}/people"))["data"])


async def until_nobody_is_muted(host: As, space: str) -> None:
    async with asyncio.timeout(10):
        while await muted(host, space):
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_mutes_that_end_within_milliseconds_of_each_other_all_end(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    speakers = [await api.speaker(space, host, f"s{number}") for number in range(8)]
    for one in speakers:
        await host.ok("POST", f"{space}/people/{one.handle}/mute", {"duration": 3})
        await asyncio.sleep(0.02)
    assert await muted(host, space) == 8
    await until_nobody_is_muted(host, space)


async def test_what_fails_once_is_tried_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    lift, calls = people.lift_expired, list[str]()

    async def fails_once(app: Any, space_id: str) -> None:
        calls.append(space_id)
        if len(calls) == 1:
            raise OSError("the disk is full")
        await lift(app, space_id)

    monkeypatch.setattr(alarm, "lift_expired", fails_once)
    monkeypatch.setattr(alarm, "RETRY", alarm.RETRY / 100)
    with capture_logs() as logs:
        await host.ok("POST", f"{space}/people/{ann.handle}/mute", {"duration": 1})
        await until_nobody_is_muted(host, space)
    assert len(calls) == 2
    assert [line["reason"] for line in logs if line["log_level"] == "error"] == ["OSError"]
