"""A minimal forwarder made with aiortc, for comparison: offers and answers are JSON lines on stdin and stdout.

The speaker's audio is decoded by aiortc, forwarded by its `MediaRelay` as frames, and encoded again for each listener.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamTrack


class Forwarder:
    """Forwards the newest speaker to all listeners who join after that."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._connections: list[RTCPeerConnection] = []
        self._track: MediaStreamTrack | None = None
        self._came = asyncio.Event()

    async def up(self, offer: str) -> str:
        """Add a speaker. Returns the SDP answer."""
        connection = self._connection()

        connection.on("track", self._arrived)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        return await _answer(connection)

    def _arrived(self, track: MediaStreamTrack) -> None:
        self._track = track
        self._came.set()

    async def down(self, offer: str) -> str:
        """Add a listener, once there is a speaker. Returns the SDP answer."""
        await self._came.wait()
        assert self._track is not None
        connection = self._connection()
        connection.addTrack(self._relay.subscribe(self._track))
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        return await _answer(connection)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(one.close() for one in self._connections))

    def _connection(self) -> RTCPeerConnection:
        connection = RTCPeerConnection()
        self._connections.append(connection)
        return connection


async def _answer(connection: RTCPeerConnection) -> str:
    await connection.setLocalDescription(await connection.createAnswer())
    return str(connection.localDescription.sdp)


async def main() -> None:
    """Answer offers until stdin ends."""
    forwarder = Forwarder()
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        answer = await (forwarder.up if asked["kind"] == "up" else forwarder.down)(asked["sdp"])
        sys.stdout.write(json.dumps({"sdp": answer}) + "\n")
        sys.stdout.flush()
    await forwarder.close()


if __name__ == "__main__":
    asyncio.run(main())
