"""aiortc as a peer in the bench: one track, a MediaRelay, and a frame track for each listener, as its examples have it.

`python -m spacesctl.bench.aiortc_relay PORT`: POST an offer to it, get the answer.
"""

from __future__ import annotations

import asyncio
import fractions
import sys
from typing import Any, Final

import av
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamTrack

from spacesctl.audio.opus import FRAME, RATE, Decoder
from spacesctl.bench.voice import packets
from spacesctl.domain.clock import TICK_SECONDS

MAX_OFFER: Final = 64 * 1024


class Voice(MediaStreamTrack):  # type: ignore[misc,unused-ignore]
    """The voice of all benches, decoded, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        decoder = Decoder()
        self._pcm = [decoder.decode(packet) for packet in packets()]
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self._sent * TICK_SECONDS - loop.time()))
        pcm = self._pcm[self._sent % len(self._pcm)]
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent * FRAME, fractions.Fraction(1, RATE)
        self._sent += 1
        return frame


class Relay:
    """Answers offers."""

    def __init__(self) -> None:
        self._voice = Voice()
        self._relay = MediaRelay()
        self._connections: list[Any] = []

    async def answer(self, offer: str) -> str:
        connection = RTCPeerConnection()
        self._connections.append(connection)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        connection.addTrack(self._relay.subscribe(self._voice))
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one offer: a line with its length, then it; the answer until the end."""
        line = await reader.readline()
        if line.strip().isdigit() and int(line) <= MAX_OFFER:
            offer = await reader.readexactly(int(line))
            writer.write((await self.answer(offer.decode())).encode())
            await writer.drain()
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(Relay().serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
