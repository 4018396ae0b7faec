"""The aiortc server of `bench peers`: one track, a MediaRelay, and a proxy track for each listener, as in aiortc's examples.

Start it with `python -m spacesctl.bench.aiortc_relay PORT`. It takes offers over TCP: see `Relay.serve`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from spacesctl.audio.opus import Decoder
from spacesctl.bench.voice import packets
from spacesctl.probe.aiortc_peer import VoiceTrack

MAX_OFFER: Final = 64 * 1024
"""Bytes of an offer at most."""


def voice() -> VoiceTrack:
    """The voice of all benches, decoded, in real time."""
    decoder = Decoder()
    return VoiceTrack(np.concatenate([decoder.decode(packet) for packet in packets()]))


class Relay:
    """Sends the voice to each listener whose offer it answers."""

    def __init__(self) -> None:
        self._voice = voice()
        self._relay = MediaRelay()
        self._connections: list[RTCPeerConnection] = []

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
