"""A raid by forty accounts, brought to order from the console: three keys, and three seconds after the last the audience hears the host
alone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from spacesctl.cli.seat.app import ConsoleApp
from spacesctl.cli.seat.reader import facts
from spacesctl.client.http import Client
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of
from tests.e2e.scene import scene, until
from tests.e2e.test_raid import HOST_HZ, LEAST, LOUD, QUIET, RAID_HZ, RAIDERS, Raid, share_of, tone
from tests.running import unlimited

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
KEYS = ("H", "L", "S")
"""Hold, lock, slow."""
MOST_KEYS = 5
WITHIN = 3.0
"""Seconds after the last key."""


async def test_three_keys_of_the_console_leave_the_host_alone_to_be_heard(tmp_path: Path) -> None:
    flags = ("--no-bots", *unlimited(tmp_path))
    async with scene(tmp_path, "guest", flags=flags) as made, AsyncExitStack() as stack:
        for handle in RAIDERS:
            await made.account(handle)
        for handle in LOUD:
            await made.as_(handle).call("POST", f"{made.place}/requests")
        await made.as_host.call("PATCH", made.place, {"speakers": "invited"})
        ear = await stack.enter_async_context(LaneListener(made))
        await stack.enter_async_context(LaneSpeaker(made, "host", packets_of(tone(HOST_HZ))))
        shouting = packets_of(tone(RAID_HZ))
        for handle in LOUD:
            await stack.enter_async_context(LaneSpeaker(made, handle, shouting))
        raid = Raid(made)
        tasks = [asyncio.create_task(raid.go_on(handle)) for handle in RAIDERS]
        await until(lambda: share_of(ear.heard(), RAID_HZ) > LEAST, 30)
        client = await asyncio.to_thread(Client, made.server.url, made.tokens["host"])
        stack.push_async_callback(asyncio.to_thread, client.close)
        app = ConsoleApp(client, await asyncio.to_thread(facts, client, made.space))
        assert len(KEYS) <= MOST_KEYS
        async with app.run_test(size=(120, 40)) as pilot:
            for key in KEYS:
                await pilot.press(key)
            await asyncio.sleep(WITHIN)  # what is heard from then on is what the claim is about
            ear.forget()
            await until(lambda: len(ear.packets) > 100)
            assert share_of(ear.heard(), HOST_HZ) > LEAST
            assert share_of(ear.heard(), RAID_HZ) < QUIET
        shown = await made.as_host.call("GET", made.place)
        assert {one["action"] for one in shown["measures"]} == {"lock", "slow"}
        assert shown["held_until"] is not None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
