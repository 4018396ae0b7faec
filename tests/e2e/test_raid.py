"""Forty accounts shout, react, ask to speak and write; at most five commands later the audience hears the host alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, RATE
from spacesctl.domain.errors import SpacesError
from tests.e2e.peers import LaneListener, LaneSpeaker, packets_of
from tests.e2e.scene import Scene, scene, until
from tests.listening import Sound
from tests.running import unlimited

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
RAIDERS = [f"raider{number}" for number in range(40)]
LOUD = RAIDERS[:9]
"""Who got onto the stage: there are ten seats, and a guest has one."""
HOST_HZ, RAID_HZ = 500, 3_000
LEAST = 0.01
"""The share of full scale of a tone that is heard."""
QUIET = LEAST / 3
"""-50 dBFS. Where the host's own tone begins or a packet is missing, its click reaches -53 in a frame."""
MOST_COMMANDS = 5
LOOKS = 20
"""Of two seconds each, until all have had what they may."""
ASKS = ("reaction", "hand", "message")


def tone(hertz: int) -> Sound:
    made: Sound = (8_000 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.int16)
    return made


def share_of(sound: Sound, hertz: int) -> float:
    """How loud a tone is at most in 20 ms of a sound."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) / 32_768
    wave = np.exp(-2j * np.pi * hertz * np.arange(FRAME) / RATE)
    return float((2 * np.abs(frames @ wave) / FRAME).max(initial=0))


class Raid:
    """What forty accounts do as fast as they are answered, and how often it got through."""

    def __init__(self, made: Scene) -> None:
        self.made = made
        self.through: Counter[str] = Counter()

    async def go_on(self, handle: str) -> None:
        me, place = self.made.as_(handle), self.made.place
        asks = {
            ASKS[0]: ("POST", f"{place}/reactions", {"reaction": "wave"}),
            ASKS[1]: ("POST", f"{place}/requests", {}),
            ASKS[2]: ("POST", "/v1/dms", {"to": "@host", "text": "we are here"}),
        }
        while True:
            for what, (method, path, body) in asks.items():
                try:
                    await me.call(method, path, body)
                    self.through[what] += 1
                except SpacesError:
                    pass
                await asyncio.sleep(0.02)


async def test_a_raid_is_brought_to_order_with_at_most_five_commands(tmp_path: Path) -> None:
    flags = ("--no-bots", *unlimited(tmp_path))
    async with scene(tmp_path, "guest", flags=flags) as made, AsyncExitStack() as stack:
        for handle in (*RAIDERS, "late"):
            await made.account(handle)
        for handle in LOUD:
            await made.as_(handle).call("POST", f"{made.place}/requests")
        await made.as_host.call("PATCH", made.place, {"speakers": "invited"})  # the others raise their hands
        ear = await stack.enter_async_context(LaneListener(made))
        await stack.enter_async_context(LaneSpeaker(made, "host", packets_of(tone(HOST_HZ))))
        shouting = packets_of(tone(RAID_HZ))
        for handle in LOUD:
            await stack.enter_async_context(LaneSpeaker(made, handle, shouting))
        for handle in RAIDERS[len(LOUD) :]:
            await stack.enter_async_context(LaneListener(made, handle))
        raid = Raid(made)
        tasks = [asyncio.create_task(raid.go_on(handle)) for handle in RAIDERS]
        await until(lambda: share_of(ear.heard(), RAID_HZ) > LEAST and min(raid.through[one] for one in ASKS) > 20, 30)
        commands = [
            ("panic", made.space, "--for", "10m", "--reason", "a raid"),
            ("lock", made.space, "--reason", "a raid"),
            ("slow", made.space, "--every", "1h"),
            ("demote", made.space, "--all"),
            ("kick", made.space, "-", "--erase", "--mute-dms", "--yes", "--reason", "a raid"),
        ]
        assert len(commands) <= MOST_COMMANDS
        for command in commands:
            names = "\n".join(RAIDERS) if "-" in command else None
            done = await asyncio.to_thread(made.server.run, made.tokens["host"], *command, stdin=names, timeout=60)
            assert done.returncode == 0, done.stderr
            if command[0] == "slow":
                await _nothing_but_messages(raid, ear)
        await asyncio.sleep(1)
        raid.through.clear()
        ear.forget()
        await until(lambda: len(ear.packets) > 100)
        assert raid.through == {}, "no reaction, no request and no message"
        assert share_of(ear.heard(), HOST_HZ) > LEAST
        assert share_of(ear.heard(), RAID_HZ) < QUIET
        for stranger in ("late", None):
            with pytest.raises(SpacesError, match="locked"):
                await stack.enter_async_context(LaneListener(made, stranger))
        shown = await made.as_host.call("GET", made.place)
        assert {one["action"] for one in shown["measures"]} == {"lock", "slow", "demote"}
        assert (await made.as_host.call("GET", f"{made.place}/requests"))["data"] == []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing_but_messages(raid: Raid, ear: LaneListener) -> None:
    """After three commands nobody of them is heard, and what they send to all is refused, but for the one thing in the hour that each may
    still send: a slow machine takes its time to refuse forty of them."""
    for _ in range(LOOKS):
        raid.through.clear()
        ear.forget()
        await until(lambda: len(ear.packets) > 100)
        if set(raid.through) <= {"message"}:
            break
    assert set(raid.through) <= {"message"}
    assert share_of(ear.heard(), RAID_HZ) < QUIET
