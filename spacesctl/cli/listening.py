"""What `listen` does: the sound of a Space into a file."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from spacesctl.api.lanes import Ended
from spacesctl.audio import framing
from spacesctl.cli.answers import HeardSound
from spacesctl.cli.progress import progress
from spacesctl.cli.speaking import TICK
from spacesctl.client.lanes import Lanes
from spacesctl.client.profile import Profile
from spacesctl.client.sound import Recording

MOST_LOST = 500
"""Ticks that are filled at most where some are missing."""


async def listen(profile: Profile, where: str, output: Recording, seconds: float | None, name: str) -> HeardSound:
    """Write what is heard. The file is opened once the server has let us in: until then an older one stays."""
    ended: str | None = None
    async with AsyncExitStack() as stack:
        lanes = await stack.enter_async_context(Lanes(profile.url, profile.token, where, "listen"))
        heard = Heard(stack.enter_context(output))
        shown = stack.enter_context(progress("listening"))
        task = shown.add_task("", total=round(seconds / TICK) if seconds else None)
        try:
            async with asyncio.timeout(seconds):
                async for message in lanes:
                    if isinstance(message, bytes):
                        heard.take(message)
                        shown.update(task, completed=heard.ticks)
                    elif isinstance(message, Ended):
                        ended = message.reason
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            ended = "interrupted"  # the file so far is kept, and the result shown
    return HeardSound(
        seconds=round(heard.ticks * TICK, 2), ticks=heard.ticks, lost=heard.lost, ended=ended, output=name
    )


@dataclass
class Heard:
    """What was written to the file so far."""

    file: Recording
    ticks: int = 0
    lost: int = 0
    last: int | None = None

    def take(self, message: bytes) -> None:
        """Write a message's packets, after a concealed one for each missing tick before it."""
        mix = framing.unpack(message)
        for _ in range(min(mix.tick - self.last - 1, MOST_LOST) if self.last is not None else 0):
            self.file.write(None)
            self.lost += 1
            self.ticks += 1
        for frame in mix.frames:
            self.file.write(frame.payload)
            self.ticks += 1
        self.last = mix.tick
