"""The seats that use real WebRTC, by aiortc: a WHIP speaker and a WHEP listener (RFC 9725)."""

from __future__ import annotations

import asyncio
import fractions
import socket
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import av
import httpx
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from spacesctl.audio.opus import FRAME, RATE, Decoder
from spacesctl.client.problems import check, unreachable
from spacesctl.demo.script import Turn
from spacesctl.demo.stage import Stage
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe.probe_listener import ProbeListener

JOIN_WITHIN = 8.0
"""Seconds for ICE and DTLS."""


def own_address() -> str | None:
    """This machine's address as others see it, or None: aiortc never offers 127.0.0.1. Asks the routing table, sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


class Peer:
    """One WebRTC session, joined by `async with`. Raises SpacesError then, or TimeoutError when media does not get through."""

    def __init__(self, stage: Stage, way: str, token: str) -> None:
        self.connection = RTCPeerConnection()
        self.closed = asyncio.Event()
        self._stage = stage
        self._place = f"{stage.place}/{way}"
        self._headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
        self._connected = asyncio.Event()
        self._session = ""

        @self.connection.on("connectionstatechange")  # type: ignore[untyped-decorator,unused-ignore]
        def changed() -> None:
            if self.connection.connectionState == "connected":
                self._connected.set()
            elif self.connection.connectionState in ("closed", "failed"):
                self.closed.set()

    async def __aenter__(self) -> Self:
        """Offer with all candidates, take the answer, wait for the handshakes."""
        try:
            await self._join()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _join(self) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        async with httpx.AsyncClient(base_url=self._stage.url) as http:
            try:
                offer = self.connection.localDescription.sdp
                answer = check(await http.post(self._place, content=offer, headers=self._headers))
            except httpx.TransportError as error:
                raise unreachable(self._stage.url, error) from error
        self._session = answer.headers["Location"]
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        async with asyncio.timeout(JOIN_WITHIN):
            await self._connected.wait()

    async def _leave(self) -> None:
        """Hang up: DELETE, then the connection."""
        async with httpx.AsyncClient(base_url=self._stage.url) as http:
            with suppress(httpx.TransportError):  # the server is gone, and the session with it
                if self._session:
                    await http.delete(self._session)
        await self.connection.close()

    async def _stat(self, kind: str, name: str) -> int:
        """A number of getStats (W3C webrtc-stats), summed over reports of a kind."""
        report: dict[str, Any] = await self.connection.getStats()
        return sum(int(getattr(one, name, 0)) for one in report.values() if one.type == kind)


class ScriptTrack(MediaStreamTrack):  # type: ignore[misc,unused-ignore]
    """Says a turn in real time, silence before `begin()` and after its end."""

    kind = "audio"

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn
        decoder = Decoder(RATE)
        self._pcm = [decoder.decode(packet) for packet in turn.script.packets]
        self._sent = 0
        self._began: float | None = None
        self.first: int | None = None
        """The frame at which the script began."""

    def begin(self) -> None:
        self.first = self._sent

    @property
    def said(self) -> int:
        """Ticks of the script sent so far."""
        return 0 if self.first is None else self._sent - self.first

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self._sent * TICK_SECONDS - loop.time()))
        frame = av.AudioFrame.from_ndarray(self._sound().reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._sent * FRAME
        frame.time_base = fractions.Fraction(1, RATE)
        self._sent += 1
        return frame

    def _sound(self) -> Any:
        tick = -1 if self.first is None else self._sent - self.first
        at = tick % self._turn.script.period
        return self._pcm[at] if self._turn.is_said(tick) and at < len(self._pcm) else np.zeros(FRAME, np.int16)


class WebRtcSpeaker(Peer):
    """Joins at once, and says its turn from the loop's time `start_at` on."""

    way = "WebRTC"

    def __init__(self, stage: Stage, turn: Turn) -> None:
        super().__init__(stage, "whip", stage.tokens[turn.script.person.handle])
        self._track = ScriptTrack(turn)
        self.began: float | None = None
        self.connection.addTransceiver(self._track, direction="sendonly")

    @property
    def said(self) -> int:
        return self._track.said

    async def run(self, start_at: float) -> None:
        """Until cancelled or hung up on. Raises SpacesError, or TimeoutError when media does not get through."""
        loop = asyncio.get_running_loop()
        async with self:
            await asyncio.sleep(max(0.0, start_at - loop.time()))
            self._track.begin()
            self.began = loop.time()
            await self.closed.wait()


class WebRtcListener(Peer):
    """Fills an ear with what aiortc decodes. Frames carry their RTP time, 960 a tick, but aiortc counts it from the first
    packet: `tick_now` says about which tick that was."""

    def __init__(self, stage: Stage, token: str, ear: ProbeListener, tick_now: Callable[[], float]) -> None:
        super().__init__(stage, "whep", token)
        self._ear = ear
        self._tick_now = tick_now
        self._task: asyncio.Task[None] | None = None
        self.joined = asyncio.Event()
        self.connection.addTransceiver("audio", direction="recvonly")

        @self.connection.on("track")  # type: ignore[untyped-decorator,unused-ignore]
        def arrived(track: MediaStreamTrack) -> None:
            self._task = asyncio.ensure_future(self._listen(track))

    async def run(self) -> None:
        """The same; what was lost on the way is written down each second."""
        async with self:
            self.joined.set()
            try:
                while not self.closed.is_set():
                    self._ear.lost = await self._stat("inbound-rtp", "packetsLost")
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.closed.wait(), 1.0)
            finally:
                self._ear.ended = "closed"

    async def _listen(self, track: MediaStreamTrack) -> None:
        base: int | None = None
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, av.AudioFrame) or frame.pts is None:
                continue
            channels = len(frame.layout.channels)
            pcm = np.asarray(frame.to_ndarray().reshape(-1, channels)[:, 0], dtype=np.int16)
            base = round(self._tick_now()) - frame.pts // FRAME if base is None else base
            self._ear.take(base + frame.pts // FRAME, pcm)
