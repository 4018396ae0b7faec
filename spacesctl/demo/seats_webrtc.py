"""The seats that use real WebRTC, by aiortc: a WHIP speaker and a WHEP listener (RFC 9725)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import numpy as np

from spacesctl.audio.opus import FRAME, RATE, Decoder, Pcm
from spacesctl.client import addresses
from spacesctl.client.connecting import connection
from spacesctl.client.problems import check, unreachable
from spacesctl.demo.script import Turn
from spacesctl.demo.stage import Stage
from spacesctl.probe.aiortc_peer import AiortcListener, AiortcPeer, AiortcSpeaker
from spacesctl.probe.probe_listener import ProbeListener


@asynccontextmanager
async def _session(url: str, path: str, token: str, peer: AiortcPeer) -> AsyncIterator[None]:
    """Joined by WHIP or WHEP inside, hung up after it. Raises SpacesError at the beginning, or TimeoutError when media does not
    get through."""
    place = ""
    try:
        place, answer = await _post(url, path, token, await peer.offer())
        await peer.accept(answer)
        await peer.joined()
        yield
    finally:
        async with httpx.AsyncClient(base_url=url, **connection(url)) as http:
            with suppress(httpx.TransportError):  # the server is gone, and the session with it
                if place:
                    await http.delete(place)
        await peer.close()


async def _post(url: str, path: str, token: str, offer: str) -> tuple[str, str]:
    """The session's place and the server's answer."""
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, **connection(url)) as http:
        try:
            answer = check(await http.post(path, content=offer, headers=headers))
        except httpx.TransportError as error:
            raise unreachable(url, error) from error
    return answer.headers["Location"], answer.text


class WebRtcSpeaker:
    """Joins at once, and says its turn from the loop's time `start_at` on: silence before and after."""

    way = "WebRTC"

    def __init__(self, stage: Stage, turn: Turn) -> None:
        self.began: float | None = None
        self._stage = stage
        self._turn = turn
        decoder = Decoder(RATE)
        self._pcm = [decoder.decode(packet) for packet in turn.script.packets]
        self._first: int | None = None  # the frame at which the script began
        self._peer = AiortcSpeaker(self._sound)

    @property
    def said(self) -> int:
        """Ticks of the script sent so far."""
        return 0 if self._first is None else self._peer.track.sent - self._first

    async def run(self, start_at: float) -> None:
        """Until cancelled or hung up on. Raises SpacesError, or TimeoutError when media does not get through."""
        loop = asyncio.get_running_loop()
        token = self._stage.tokens[self._turn.script.person.handle]
        async with _session(self._stage.url, addresses.whip(self._stage.space_id), token, self._peer):
            await asyncio.sleep(max(0.0, start_at - loop.time()))
            self._first = self._peer.track.sent
            self.began = loop.time()
            await self._peer.closed.wait()

    def _sound(self, number: int) -> Pcm:
        tick = -1 if self._first is None else number - self._first
        at = tick % self._turn.script.period
        return self._pcm[at] if self._turn.is_said(tick) and at < len(self._pcm) else np.zeros(FRAME, np.int16)


class WebRtcListener:
    """Fills an ear with what aiortc decodes. Frames carry their RTP time, 960 a tick, but aiortc counts it from the first
    packet: `tick_now` says about which tick that was."""

    def __init__(self, stage: Stage, token: str, ear: ProbeListener, tick_now: Callable[[], float]) -> None:
        self.joined = asyncio.Event()
        self._stage = stage
        self._token = token
        self._ear = ear
        self._tick_now = tick_now
        self._base: int | None = None
        self._peer = AiortcListener(self._hear)

    async def run(self) -> None:
        """The same; what was lost on the way is written down each second."""
        async with _session(self._stage.url, addresses.whep(self._stage.space_id), self._token, self._peer):
            self.joined.set()
            try:
                while not self._peer.closed.is_set():
                    self._ear.lost = await self._peer.packets_lost()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._peer.closed.wait(), 1.0)
            finally:
                self._ear.ended = "closed"

    def _hear(self, time: int, pcm: Pcm) -> None:
        tick = time // FRAME
        self._base = round(self._tick_now()) - tick if self._base is None else self._base
        self._ear.take(self._base + tick, pcm)
