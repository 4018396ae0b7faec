"""Speakers and listeners of the demo that use WebSocket lanes."""

from __future__ import annotations

import asyncio

from spacesctl.api.lanes import Ended
from spacesctl.audio import framing
from spacesctl.audio.opus import Decoder, OpusError
from spacesctl.client.lanes import Lanes
from spacesctl.demo.likeness import RATE
from spacesctl.demo.script import Turn
from spacesctl.demo.stage import Stage
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.probe_listener import TICK, ProbeListener


class LanesSpeaker:
    """Speaks a turn in real time. `began` is the loop's time at the start; `ended` the server's reason for ending the session."""

    way = "lanes"

    def __init__(self, stage: Stage, turn: Turn) -> None:
        self._lanes = Lanes(stage.url, stage.tokens[turn.script.person.handle], stage.space_id, "speak")
        self._turn = turn
        self.said = 0
        """Ticks of the script sent so far."""
        self.began: float | None = None
        self.ended: str | None = None

    async def run(self, start_at: float) -> None:
        """Speak from the loop's time `start_at` on, until cancelled or ended by the server. Raises SpacesError when it may not speak."""
        await asyncio.sleep(max(0.0, start_at - asyncio.get_running_loop().time()))
        async with self._lanes:
            watcher = asyncio.create_task(self._watch())
            try:
                await self._speak()
            except Unavailable:  # the connection closed; `_watch` learns the reason
                await asyncio.wait({watcher}, timeout=1.0)
            finally:
                watcher.cancel()

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        self.began = began = loop.time()
        while self.ended is None:
            packet = self._turn.packet(self.said)
            await self._lanes.send(framing.pack(framing.UPLINK, self.said, [(0, 0, packet)]))
            self.said += 1
            await asyncio.sleep(max(0.0, began + self.said * TICK_SECONDS - loop.time()))

    async def _watch(self) -> None:
        reason = "connection lost"
        async for message in self._lanes:
            if isinstance(message, Ended):
                reason = message.reason
        self.ended = reason


class LanesListener:
    """Gives what it decodes to a probe listener. `clock` is (tick, the event loop's time) at the moment of joining."""

    def __init__(self, stage: Stage, token: str | None, listener: ProbeListener) -> None:
        self._lanes = Lanes(stage.url, token, stage.space_id, "listen")
        self._listener = listener
        self._decoder = Decoder(RATE)
        self._next: int | None = None
        self.joined = asyncio.Event()
        self.clock = (0, 0.0)

    async def run(self) -> None:
        """Listen until cancelled or until the server ends the session. Raises SpacesError when it may not listen."""
        async with self._lanes:
            self.clock = (self._lanes.hello.clock.tick, asyncio.get_running_loop().time())
            self.joined.set()
            async for message in self._lanes:
                if isinstance(message, bytes):
                    self._take(framing.unpack(message))
                elif isinstance(message, Ended):
                    self._listener.ended = message.reason

    def _take(self, mix: framing.Message) -> None:
        """Decode a message. Ticks missing before it count as lost, and are concealed so that the decoder's state stays right."""
        missing = 0 if self._next is None else mix.tick - self._next
        for _ in range(min(missing, 50)):
            self._decoder.conceal(TICK)
        self._listener.lost += max(0, missing)
        self._next = mix.tick + 1
        for frame in mix.frames:
            try:
                pcm = self._decoder.decode(frame.payload)
            except OpusError:
                self._listener.lost += 1
                continue
            self._listener.take(mix.tick, pcm)
