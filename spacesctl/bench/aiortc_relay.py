"""The aiortc server of `bench peers`: one track, a MediaRelay, and a proxy track for each listener, as in aiortc's examples.

Start it with `python -m spacesctl.bench.aiortc_relay PORT`. It takes offers over TCP: see `Relay.serve`.
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
"""Bytes of an offer at most."""


# ignored: aiortc ships no types that mypy can use, so its class is Any
class Voice(MediaStreamTrack):  # type: ignore[misc,unused-ignore]
    """A track with the test voice of all benchmarks, decoded, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        decoder = Decoder()
        self._pcm = [decoder.decode(packet) for packet in packets()]
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        """Wait for the time of the next frame, and return it."""
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self._sent * TICK_SECONDS - loop.time()))
        pcm = self._pcm[self._sent % len(self._pcm)]
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent * FRAME, fractions.Fraction(1, RATE)
        self._sent += 1
        return frame


class Relay:
    """Sends the voice to each listener whose offer it answers."""

    def __init__(self) -> None:
        self._voice = Voice()
        self._relay = MediaRelay()
        self._connections: list[Any] = []

    async def answer(self, offer: str) -> str:
        """Add a listener. Returns the SDP answer."""
        connection = RTCPeerConnection()
        self._connections.append(connection)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        connection.addTrack(self._relay.subscribe(self._voice))
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one TCP connection with one offer: a line with its length in bytes, then the offer. The reply is the answer, until the end
        of the stream."""
        line = await reader.readline()
        if line.strip().isdigit() and int(line) <= MAX_OFFER:
            offer = await reader.readexactly(int(line))
            writer.write((await self.answer(offer.decode())).encode())
            await writer.drain()
        writer.close()


async def main(port: int) -> None:
    """Serve on a TCP port of this machine until the process is killed."""
    server = await asyncio.start_server(Relay().serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
