"""WebRTC clients for tests: aiortc, an implementation that is not ours.

aiortc never offers 127.0.0.1, so an engine under test binds, or announces, `own_address()`.
"""

from __future__ import annotations

import asyncio
import fractions
import socket
import time
from typing import Any

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from tests.listening import RATE, Sound

FRAME = 960


def own_address() -> str:
    """This machine's address as others would see it; asks the routing table, sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


class VoiceTrack(MediaStreamTrack):
    """Says `pcm` (int16, 48 kHz mono) in real time, again and again with `loop`, and silence afterwards."""

    kind = "audio"

    def __init__(self, pcm: Sound, loop: bool = True) -> None:
        super().__init__()
        self._pcm = pcm
        self._loop = loop
        self._at = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._at / RATE - time.monotonic()))
        frame = av.AudioFrame.from_ndarray(self._next().reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._at
        frame.time_base = fractions.Fraction(1, RATE)
        self._at += FRAME
        return frame

    def _next(self) -> Sound:
        places = np.arange(self._at, self._at + FRAME)
        if self._loop:
            return self._pcm[places % len(self._pcm)]
        return np.where(places < len(self._pcm), self._pcm[np.minimum(places, len(self._pcm) - 1)], 0).astype(np.int16)


class _Peer:
    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.connected = asyncio.Event()

        @self.connection.on("connectionstatechange")
        def changed() -> None:
            if self.connection.connectionState == "connected":
                self.connected.set()

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `closed` or `failed`."""
        return str(self.connection.connectionState)

    async def offer(self) -> str:
        """Our offer, with all candidates in it."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, answer_sdp: str) -> None:
        """Take the other side's answer and begin to connect."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    async def joined(self, seconds: float = 8.0) -> None:
        """Until ICE and DTLS are done. Raises TimeoutError."""
        await asyncio.wait_for(self.connected.wait(), seconds)

    async def close(self) -> None:
        await self.connection.close()

    async def _stat(self, kind: str, name: str) -> int:
        report: dict[str, Any] = await self.connection.getStats()
        return sum(int(getattr(one, name)) for one in report.values() if one.type == kind)


class SpeakerPeer(_Peer):
    """Speaks: a WHIP client without its HTTP. `pcm` is int16, 48 kHz mono."""

    def __init__(self, pcm: Sound, loop: bool = True) -> None:
        super().__init__()
        self.track = VoiceTrack(pcm, loop)
        self.connection.addTransceiver(self.track, direction="sendonly")

    async def packets_sent(self) -> int:
        return await self._stat("outbound-rtp", "packetsSent")


class ListenerPeer(_Peer):
    """Listens: a WHEP client without its HTTP. `heard()` is all that was decoded, int16, 48 kHz mono."""

    def __init__(self) -> None:
        super().__init__()
        self.connection.addTransceiver("audio", direction="recvonly")
        self._parts: list[Sound] = []
        self._task: asyncio.Task[None] | None = None

        @self.connection.on("track")
        def arrived(track: MediaStreamTrack) -> None:
            self._task = asyncio.ensure_future(self._listen(track))

    def heard(self) -> Sound:
        """What was decoded since the start, or since `forget`."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)

    def forget(self) -> None:
        """Begin to listen anew."""
        self._parts.clear()

    async def packets_received(self) -> int:
        return await self._stat("inbound-rtp", "packetsReceived")

    async def packets_lost(self) -> int:
        return await self._stat("inbound-rtp", "packetsLost")

    async def close(self) -> None:
        await super().close()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            channels = len(frame.layout.channels)
            self._parts.append(frame.to_ndarray().reshape(-1, channels)[:, 0].astype(np.int16))
