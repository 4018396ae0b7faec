"""aiortc as a peer in the bench: one track, a MediaRelay, and a frame track for each listener, as its examples have it.

`python -m spacesctl.bench.aiortc_relay PORT`: POST an offer to it, get the answer.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from spacesctl.audio.opus import Decoder
from spacesctl.bench.voice import packets
from spacesctl.probe.aiortc_peer import VoiceTrack

MAX_OFFER: Final = 64 * 1024


def voice() -> VoiceTrack:
    """The voice of all benches, decoded, in real time."""
    decoder = Decoder()
    return VoiceTrack(np.concatenate([decoder.decode(packet) for packet in packets()]))


class Relay:
    """Answers offers."""

    def __init__(self) -> None:
        self._voice = voice()
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
