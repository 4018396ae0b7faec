"""WebRTC speakers and listeners built on aiortc, which is independent of our own implementation. The caller does the signalling.

aiortc never offers 127.0.0.1, so a server under test binds or announces `own_address()`.
"""

from __future__ import annotations

import asyncio
import fractions
import socket
from collections.abc import Callable
from typing import Final

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from spacesctl.audio.opus import FRAME, RATE, Pcm
from spacesctl.domain.clock import TICK_SECONDS

JOIN_WITHIN: Final = 8.0
"""Seconds for ICE and DTLS."""
CLOSE_WITHIN: Final = 1.0
"""Seconds that the receiving task has to notice that its track has ended."""
Source = Callable[[int], Pcm]
"""Returns frame `number` of the sound to send: `int16[960]`, 20 ms at 48 kHz mono."""
Hear = Callable[[int, Pcm], None]
"""Is called with each decoded frame: its RTP time in samples at 48 kHz, which aiortc counts from the first packet on, and its sound,
`int16[n]` of one channel at 48 kHz."""


def own_address() -> str | None:
    """This machine's address on its network, or None if it only has the loopback. Asks the routing table and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)  # connecting a UDP socket never blocks
        try:
            asking.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(asking.getsockname()[0])
    return None if address.startswith("127.") else address


class VoiceTrack(MediaStreamTrack):  # type: ignore[misc,unused-ignore]
    """Sends the frames of a source in real time. Or sends `int16[n]`, 48 kHz mono, and repeats it with `loop`, else silence follows."""

    kind = "audio"

    def __init__(self, sound: Pcm | Source, *, loop: bool = True) -> None:
        super().__init__()
        self.sent = 0
        """Frames sent so far, which is also the number of the next one."""
        self._source = _of_array(sound, loop) if isinstance(sound, np.ndarray) else sound
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        """Wait until the next frame is due and return it. Raises MediaStreamError once the track is stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        clock = asyncio.get_running_loop()
        self._began = clock.time() if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self.sent * TICK_SECONDS - clock.time()))
        frame = av.AudioFrame.from_ndarray(self._source(self.sent).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self.sent * FRAME
        frame.time_base = fractions.Fraction(1, RATE)
        self.sent += 1
        return frame


class AiortcPeer:
    """One connection: send its `offer`, `accept` the answer, await `joined`. Always `close` it."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.closed = asyncio.Event()
        """Set when either side has closed the connection, or it failed."""
        self._connected = asyncio.Event()
        self.connection.on("connectionstatechange", self._changed)

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `closed` or `failed`."""
        return str(self.connection.connectionState)

    async def offer(self) -> str:
        """Our offer, with all candidates in it."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the other side's answer and start to connect."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def joined(self, seconds: float = JOIN_WITHIN) -> None:
        """Wait until ICE and DTLS are done. Raises TimeoutError."""
        await asyncio.wait_for(self._connected.wait(), seconds)

    async def close(self) -> None:
        """Close the connection. It may be called more than once."""
        await self.connection.close()

    def _changed(self) -> None:
        if self.state == "connected":
            self._connected.set()
        elif self.state in ("closed", "failed"):
            self.closed.set()

    async def _stat(self, kind: str, name: str) -> int:
        """A counter of getStats (W3C webrtc-stats), summed over all reports of one kind."""
        report = await self.connection.getStats()
        return sum(int(getattr(one, name)) for one in report.values() if one.type == kind)


class AiortcSpeaker(AiortcPeer):
    """A speaker: a WHIP client without its HTTP. `sound` and `loop` are those of `VoiceTrack`."""

    def __init__(self, sound: Pcm | Source, loop: bool = True) -> None:
        super().__init__()
        self.track = VoiceTrack(sound, loop=loop)
        self.connection.addTransceiver(self.track, direction="sendonly")

    async def packets_sent(self) -> int:
        return await self._stat("outbound-rtp", "packetsSent")


class AiortcListener(AiortcPeer):
    """A listener: a WHEP client without its HTTP. `hear` is called with each decoded frame."""

    def __init__(self, hear: Hear) -> None:
        super().__init__()
        self.connection.addTransceiver("audio", direction="recvonly")
        self._hear = hear
        self._task: asyncio.Task[None] | None = None
        self.connection.on("track", self._arrived)

    async def packets_received(self) -> int:
        return await self._stat("inbound-rtp", "packetsReceived")

    async def packets_lost(self) -> int:
        return await self._stat("inbound-rtp", "packetsLost")

    async def close(self) -> None:
        await super().close()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_WITHIN)

    def _arrived(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.AudioFrame) and frame.pts is not None:
                channels = len(frame.layout.channels)
                self._hear(frame.pts, frame.to_ndarray().reshape(-1, channels)[:, 0].astype(np.int16))


def _of_array(pcm: Pcm, loop: bool) -> Source:
    def frame(number: int) -> Pcm:
        places = np.arange(number * FRAME, (number + 1) * FRAME)
        if loop:
            return pcm[places % len(pcm)]
        return np.where(places < len(pcm), pcm[np.minimum(places, len(pcm) - 1)], 0).astype(np.int16)

    return frame
