"""What `listen` does: the sound of a Space into a file, over breaks of the connection, until the Space ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from rich.progress import Progress

from spacesctl.api.lanes import Ended, Moved
from spacesctl.audio import framing
from spacesctl.cli.answers import HeardSound
from spacesctl.cli.coming_back import PASSING, ComingBack
from spacesctl.cli.output import note
from spacesctl.cli.progress import progress
from spacesctl.cli.speaking import LOST, PASSING_ENDS, TICK, cut_off
from spacesctl.client.lanes import Lanes
from spacesctl.client.profile import Profile
from spacesctl.client.sound import Recording
from spacesctl.domain.errors import Gone, SpacesError

MOST_LOST = 3_000
"""Ticks (a minute) that are filled at most where some are missing: as long as a lost connection is tried again."""


async def listen(profile: Profile, where: str, output: Recording, seconds: float | None, name: str) -> HeardSound:
    """Write what is heard. The file is opened once the server has let us in: until then an older one stays. Where the connection was lost
    the file has silence of the same length, so that every second of it is at its place."""
    ended: str | None = None
    async with AsyncExitStack() as stack:
        lanes = await stack.enter_async_context(Lanes(profile.url, profile.token, where, "listen"))
        heard = Heard(stack.enter_context(output))
        shown = stack.enter_context(progress("listening"))
        shown.add_task("", total=round(seconds / TICK) if seconds else None)
        try:
            async with asyncio.timeout(seconds):
                ended = await _until_over(profile, where, lanes, heard, shown)
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            ended = "interrupted"  # the file so far is kept, and the result shown
    return HeardSound(
        seconds=round(heard.ticks * TICK, 2), ticks=heard.ticks, lost=heard.lost, ended=ended, output=name
    )


async def _until_over(profile: Profile, where: str, lanes: Lanes, heard: Heard, shown: Progress) -> str:
    """Take what comes, over lost connections; why it ended."""
    coming = ComingBack()
    while (ended := await _take(lanes, heard, shown)) in PASSING_ENDS:
        error: SpacesError = cut_off(profile.url, ended)
        await lanes.__aexit__(None, None, None)
        while True:
            await asyncio.sleep(coming.lost(error))
            lanes = Lanes(profile.url, profile.token, where, "listen")
            try:
                await lanes.__aenter__()
                break
            except Gone:
                return "ended"
            except PASSING as failure:
                error = failure
        coming.back()
    await lanes.__aexit__(None, None, None)
    return ended


async def _take(lanes: Lanes, heard: Heard, shown: Progress) -> str:
    """Write the sound of one connection; why it ended."""
    ended = LOST
    async for message in lanes:
        if isinstance(message, bytes):
            heard.take(message)
            shown.update(shown.task_ids[0], completed=heard.ticks)
        elif isinstance(message, Moved):
            note(moved(message.behind))
        elif isinstance(message, Ended):
            ended = message.reason
    return ended


def moved(behind: float) -> str:
    """What is said when the listener comes on stage or leaves it."""
    if behind:
        return f"you left the stage: you hear the last {behind:g} s again, as the audience does"
    return "you are on stage: you hear what is said now"


@dataclass
class Heard:
    """What was written to the file so far. `broken`: messages that were no sound."""

    file: Recording
    ticks: int = 0
    lost: int = 0
    last: int | None = None
    broken: int = 0

    def take(self, message: bytes) -> None:
        """Write a message's packets, after a concealed one for each missing tick before it. A message that is none is passed over, and its
        tick is then missing."""
        try:
            mix = framing.unpack(message)
        except framing.FramingError:
            self.broken += 1
            return
        if mix.kind != framing.MIX or (self.last is not None and mix.tick <= self.last):
            return  # it is another thing, or was written already
        for _ in range(min(mix.tick - self.last - 1, MOST_LOST) if self.last is not None else 0):
            self.file.write(None)
            self.lost += 1
            self.ticks += 1
        for frame in mix.frames:
            self.file.write(frame.payload)
            self.ticks += 1
        self.last = mix.tick
