"""Who takes part in a scene: aiortc by WHIP and WHEP, programs by lanes, and a WebRTC peer of our own parts that can misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx
import numpy as np

from spacesctl.api.wire import dump
from spacesctl.audio import framing
from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.client.lanes import Lanes
from spacesctl.client.problems import check
from spacesctl.domain.errors import SpacesError
from tests.e2e.scene import TICK, Scene
from tests.engine.caller import Caller
from tests.listening import Sound
from tests.webrtc import ListenerPeer, SpeakerPeer


def packets_of(pcm: Sound) -> list[bytes]:
    encoder = Encoder(bitrate=32_000)
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


async def post_offer(url: str, path: str, token: str | None, sdp: str) -> httpx.Response:
    """One POST as WHIP and WHEP have it. Raises the server's refusal."""
    headers = {"Content-Type": "application/sdp", **({"Authorization": f"Bearer {token}"} if token else {})}
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        return check(await http.post(path, content=sdp, headers=headers))


async def delete(scene: Scene, location: str) -> None:
    """End a WHIP or WHEP session, as its client does; it may have ended already."""
    async with httpx.AsyncClient(base_url=scene.server.url, timeout=10) as http:
        assert (await http.delete(location)).status_code in (200, 404)


async def whip(scene: Scene, handle: str, pcm: Sound) -> tuple[SpeakerPeer, str]:
    """An aiortc speaker, joined, and its session's path."""
    peer = SpeakerPeer(pcm)
    scene.stack.push_async_callback(peer.close)
    return peer, await _connect(scene, peer, "whip", scene.tokens[handle])


async def whep(scene: Scene, handle: str | None = None) -> ListenerPeer:
    """An aiortc listener, joined; of an account or anonymous."""
    peer = ListenerPeer()
    scene.stack.push_async_callback(peer.close)
    await _connect(scene, peer, "whep", scene.tokens[handle] if handle else None)
    return peer


async def _connect(scene: Scene, peer: SpeakerPeer | ListenerPeer, way: str, token: str | None) -> str:
    answer = await post_offer(scene.server.url, f"{scene.place}/{way}", token, await peer.offer())
    await peer.accept(answer.text)
    await peer.joined()
    return str(answer.headers["Location"])


class LaneSpeaker:
    """Says packets over and over, 20 ms each, until it is stopped or refused; keeps what it is told."""

    def __init__(self, scene: Scene, handle: str, packets: Sequence[bytes]) -> None:
        self.told: list[dict[str, Any]] = []
        self.lane = 0
        self._lanes = Lanes(scene.server.url, scene.tokens[handle], scene.space, "speak")
        self._packets = packets
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> LaneSpeaker:
        await self._lanes.__aenter__()
        self.lane = self._lanes.hello.lane or 0
        self._tasks = [asyncio.create_task(self._say()), asyncio.create_task(self._hear())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.__aexit__(None, None, None)

    @property
    def ended(self) -> str | None:
        """Why the server ended it, if it did."""
        return next((one["reason"] for one in self.told if one["event"] == "ended"), None)

    async def _say(self) -> None:
        loop = asyncio.get_running_loop()
        began, number = loop.time(), 0
        with suppress(SpacesError):
            while True:
                await asyncio.sleep(max(0.0, began + number * TICK - loop.time()))
                packet = self._packets[number % len(self._packets)]
                await self._lanes.send(framing.pack(framing.UPLINK, number, [(0, 0, packet)]))
                number += 1

    async def _hear(self) -> None:
        async for message in self._lanes:
            assert not isinstance(message, bytes)
            self.told.append(json.loads(dump(message)))


class LaneListener:
    """Keeps every tick of its mix: `packets` by tick, and the events that came between."""

    def __init__(self, scene: Scene, handle: str | None = None) -> None:
        self.packets: dict[int, bytes] = {}
        self.told: list[dict[str, Any]] = []
        self._lanes = Lanes(scene.server.url, scene.tokens[handle] if handle else None, scene.space, "listen")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LaneListener:
        await self._lanes.__aenter__()
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._lanes.__aexit__(None, None, None)

    def forget(self) -> None:
        """Begin to listen anew."""
        self.packets.clear()

    @property
    def last(self) -> int:
        """The newest tick that came."""
        return max(self.packets, default=0)

    def heard(self) -> Sound:
        """All of it decoded (`int16`, 48 kHz mono), in the order of ticks."""
        by_tick = self.by_tick()
        return np.concatenate(list(by_tick.values())) if by_tick else np.zeros(0, np.int16)

    def by_tick(self) -> dict[int, Sound]:
        decoder = Decoder()
        return {tick: decoder.decode(packet) for tick, packet in sorted(self.packets.items())}

    async def _listen(self) -> None:
        async for message in self._lanes:
            if isinstance(message, bytes):
                mix = framing.unpack(message)
                assert mix.kind == framing.MIX
                self.packets[mix.tick] = mix.frames[0].payload
            else:
                self.told.append(json.loads(dump(message)))


class LightPeer(Caller):
    """A WebRTC peer of a bare socket that joins by WHIP or WHEP. It obeys no goodbye: `say` goes on sending."""

    def __init__(self, name: str, *, up: bool = False) -> None:
        super().__init__(name, "", up=up)
        self.location = ""

    async def join(self, url: str, place: str, token: str | None) -> None:
        """Raises the server's refusal, or TimeoutError."""
        answer = await post_offer(url, f"{place}/{'whip' if self.is_up else 'whep'}", token, self.offer())
        self.location = answer.headers["Location"]
        theirs = self.session.accept(answer.text)
        await self.call(theirs.address(), theirs.fingerprint)

    def offer(self) -> str:
        return self.session.offer("sendonly" if self.is_up else "recvonly")
