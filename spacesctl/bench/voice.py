"""The test voice of all benchmarks: a clip of the demo without its pauses, so that there is a packet to send in every tick."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from itertools import count
from types import TracebackType
from typing import Final

import numpy as np

from bots import casts
from spacesctl.audio import framing
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.client.lanes import Lanes
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Unavailable

BITRATE: Final = 32_000
"""Bits per second of the encoded voice."""
QUIET: Final = 400
"""Frames whose loudest sample is not above this (of 32768) are left out."""


@cache
def packets(person: int = 0) -> tuple[bytes, ...]:
    """A few seconds of Opus packets of 20 ms, to be sent in a loop. `person` chooses the voice."""
    decoder, encoder = Decoder(), Encoder(bitrate=BITRATE)
    people = casts.load(casts.names()[0]).people
    frames = [decoder.decode(packet) for packet in read_packets(people[person % len(people)].clip.read_bytes())]
    pcm = np.concatenate(frames)
    whole = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    return tuple(encoder.encode(frame) for frame in whole if int(np.abs(frame.astype(np.int32)).max()) > QUIET)


class Talker:
    """A speaker that sends a voice in a loop over a WebSocket, inside `async with`. `said` are its packets, by default `packets()`."""

    def __init__(self, url: str, token: str, space: str, said: Sequence[bytes] | None = None) -> None:
        self._lanes = Lanes(url, token, space, "speak")
        self._said = packets() if said is None else said
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Talker:
        await self._lanes.__aenter__()
        self._tasks = [asyncio.create_task(self._say()), asyncio.create_task(self._ignore())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.__aexit__(kind, error, trace)

    async def _say(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            for number in count():
                await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - loop.time()))
                packet = self._said[number % len(self._said)]
                await self._lanes.send(framing.pack(framing.UPLINK, number, [(0, 0, packet)]))
        except Unavailable:
            return

    async def _ignore(self) -> None:
        async for _ in self._lanes:
            pass
