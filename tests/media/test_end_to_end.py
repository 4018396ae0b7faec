"""Voices through a real engine process, heard by aiortc."""

from __future__ import annotations

import asyncio

from spacesctl.media.messages import FLAG_ACTIVE, OpenLane
from tests.listening import likeness, voice
from tests.media.studio import SPACE, Frames, run, studio

THREE = (11, 12, 13)


def test_everybody_hears_every_voice_and_nobody_their_own() -> None:
    voices = {lane: voice(lane, 4.0) for lane in THREE}

    async def body() -> None:
        async with studio() as space:
            for lane in THREE:
                await space.engine.send(OpenLane(SPACE, lane, heard=True))
            for lane in THREE:
                await space.speaker(lane, voices[lane])
            crowd = [await space.listener(f"listener-{number}") for number in range(3)]
            own = {lane: await space.listener(f"own-{lane}", group=lane) for lane in THREE}
            await asyncio.sleep(6)
            for one in crowd:
                assert await one.packets_lost() == 0
                for lane in THREE:
                    assert likeness(one.heard(), voices[lane]) > 0.35
            for lane, one in own.items():
                assert likeness(one.heard(), voices[lane]) < 0.2
                for other in set(THREE) - {lane}:
                    assert likeness(one.heard(), voices[other]) > 0.4
            frames = space.of(Frames)
            ticks = [message.tick for message in frames]
            assert ticks == sorted(set(ticks))
            assert any(flags & FLAG_ACTIVE for message in frames for _, flags, _ in message.lanes)
            stats = await space.stats()
            print(stats)

    run(body)
