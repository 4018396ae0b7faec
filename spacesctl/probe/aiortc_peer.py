"""WebRTC peers by aiortc, an implementation that is not ours: who speaks in real time, and who listens. Signalling is the caller's.

aiortc never offers 127.0.0.1, so a server under test binds, or announces, `own_address()`.
"""

from __future__ import annotations

import asyncio
import fractions
import socket
from collections.abc import Callable
from typing import Any, Final

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from spacesctl.audio.opus import FRAME, RATE, Pcm
from spacesctl.domain.clock import TICK_SECONDS

JOIN_WITHIN: Final = 8.0
"""Seconds for ICE and DTLS."""
CLOSE_WITHIN: Final = 1.0
"""Seconds for what listens to see that its track has ended."""
Source = Callable[[int], Pcm]
"""Gives frame `number` of what is said: `int16[960]`, 20 ms at 48 kHz mono."""
Hear = Callable[[int, Pcm], None]
"""Takes what was decoded: its RTP time in samples at 48 kHz, which aiortc counts from the first packet on, and `int16[n]` of one
channel at 48 kHz."""


def own_address() -> str | None:
    """This machine's address as others see it, or None if it has none but the loopback. Asks the routing table, sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)  # it never does: UDP has nobody to wait for
        try:
            asking.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(asking.getsockname()[0])
    return None if address.startswith("127.") else address


class VoiceTrack(MediaStreamTrack):  # type: ignore[misc,unused-ignore]
    """Says what a source gives in real time; or `int16[n]`, 48 kHz mono, again and again with `loop` and silence after it without."""

    kind = "audio"

    def __init__(self, sound: Pcm | Source, *, loop: bool = True) -> None:
        super().__init__()
        self.sent = 0
        """Frames so far: the number of the next one."""
        self._source = _of_array(sound, loop) if isinstance(sound, np.ndarray) else sound
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        """The next frame, when its time has come. Raises MediaStreamError once the track is stopped."""
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
    """One connection: send its `offer`, `accept` the answer, wait until it has `joined`; `close` it whatever happens."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.closed = asyncio.Event()
        """Set when either side has hung up, or the connection failed."""
        self._connected = asyncio.Event()

        @self.connection.on("connectionstatechange")  # type: ignore[untyped-decorator,unused-ignore]
        def changed() -> None:
            if self.state == "connected":
                self._connected.set()
            elif self.state in ("closed", "failed"):
                self.closed.set()

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `closed` or `failed`."""
        return str(self.connection.connectionState)

    async def offer(self) -> str:
        """Our offer, with all candidates in it."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the other side's answer and begin to connect."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def joined(self, seconds: float = JOIN_WITHIN) -> None:
        """Until ICE and DTLS are done. Raises TimeoutError."""
        await asyncio.wait_for(self._connected.wait(), seconds)

    async def close(self) -> None:
        """Hang up; more than once does no harm."""
        await self.connection.close()

    async def _stat(self, kind: str, name: str) -> int:
        """A number of getStats (W3C webrtc-stats), summed over reports of a kind."""
        report: dict[str, Any] = await self.connection.getStats()
        return sum(int(getattr(one, name)) for one in report.values() if one.type == kind)


class AiortcSpeaker(AiortcPeer):
    """Speaks: a WHIP client without its HTTP. `sound` as `VoiceTrack` has it."""

    def __init__(self, sound: Pcm | Source, loop: bool = True) -> None:
        super().__init__()
        self.track = VoiceTrack(sound, loop=loop)
        self.connection.addTransceiver(self.track, direction="sendonly")

    async def packets_sent(self) -> int:
        return await self._stat("outbound-rtp", "packetsSent")


class AiortcListener(AiortcPeer):
    """Listens: a WHEP client without its HTTP. `hear` takes each frame as it is decoded."""

    def __init__(self, hear: Hear) -> None:
        super().__init__()
        self.connection.addTransceiver("audio", direction="recvonly")
        self._hear = hear
        self._task: asyncio.Task[None] | None = None

        @self.connection.on("track")  # type: ignore[untyped-decorator,unused-ignore]
        def arrived(track: MediaStreamTrack) -> None:
            self._task = asyncio.ensure_future(self._listen(track))

    async def packets_received(self) -> int:
        return await self._stat("inbound-rtp", "packetsReceived")

    async def packets_lost(self) -> int:
        return await self._stat("inbound-rtp", "packetsLost")

    async def close(self) -> None:
        await super().close()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_WITHIN)

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
