"""What `speak` does: packets into a Space in real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack

from spacesctl.api import lanes as said
from spacesctl.audio import framing
from spacesctl.cli.answers import SpokenSound
from spacesctl.cli.output import note
from spacesctl.cli.progress import progress
from spacesctl.client.lanes import Lanes
from spacesctl.client.microphone import Microphone, microphone_packets
from spacesctl.client.profile import Profile
from spacesctl.domain.errors import Unavailable

TICK = 0.020
"""Seconds of sound in a packet."""
TAIL = 0.3
"""Seconds to stay connected after the last packet, so that the server's jitter buffer plays it."""


async def paced(packets: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The packets in real time, one each 20 ms."""
    clock = asyncio.get_running_loop()
    started = clock.time()
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, started + number * TICK - clock.time()))
        yield packet


async def by_microphone(profile: Profile, where: str, microphone: Microphone, most: int | None) -> SpokenSound:
    """Send what the microphone records, at most `most` packets."""
    async with microphone:
        packets = microphone_packets(microphone)
        return await speak(profile, where, packets, most, microphone)


async def speak(
    profile: Profile,
    where: str,
    packets: AsyncIterator[bytes],
    most: int | None,
    microphone: Microphone | None = None,
) -> SpokenSound:
    """Send packets as they come, at most `most`."""
    frames = 0
    async with AsyncExitStack() as stack:
        lanes = await stack.enter_async_context(Lanes(profile.url, profile.token, where, "speak", consent=True))
        ended: list[str] = []
        watcher = asyncio.create_task(_watch_end(lanes, ended))
        stack.callback(watcher.cancel)
        shown = stack.enter_context(progress("speaking"))
        task = shown.add_task("", total=most)
        try:
            async for packet in packets:
                if ended or frames == most:
                    break
                try:
                    await lanes.send(framing.pack(framing.UPLINK, frames, [(0, 0, packet)]))
                except Unavailable:
                    await asyncio.wait({watcher}, timeout=1.0)  # it has the reason
                    break
                frames += 1
                shown.advance(task)
            if not ended:
                await asyncio.sleep(TAIL)
        except asyncio.CancelledError:
            ended.append("interrupted")  # the result so far is still shown
        return SpokenSound(
            seconds=round(frames * TICK, 2),
            frames=frames,
            lost=microphone.lost if microphone is not None else 0,
            lane=lanes.hello.lane,
            ended=ended[0] if ended else None,
        )


async def _watch_end(lanes: Lanes, ended: list[str]) -> None:
    reason = "connection lost"
    async for message in lanes:
        match message:
            case said.Ended():
                reason = message.reason
            case said.Recorded():
                note("this Space is now recorded, so your microphone was closed; run the command again to go on")
            case said.Muted():
                note("you are muted: nobody hears you")
            case said.Unmuted():
                note("you are no longer muted, but your microphone is closed; run the command again to speak")
    ended.append(reason)
