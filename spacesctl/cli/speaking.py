"""What `speak` does: packets into a Space in real time, over breaks of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from rich.progress import Progress

from spacesctl.api import lanes as said
from spacesctl.api.spaces import Space
from spacesctl.audio import framing
from spacesctl.cli.answers import SpokenSound
from spacesctl.cli.coming_back import PASSING, ComingBack
from spacesctl.cli.output import note
from spacesctl.cli.progress import progress
from spacesctl.client.aio import AsyncClient
from spacesctl.client.lanes import Lanes
from spacesctl.client.microphone import Microphone, microphone_packets
from spacesctl.client.profile import Profile
from spacesctl.domain.errors import Gone, SpacesError, Unavailable

TICK = 0.020
"""Seconds of sound in a packet."""
LATE = 1.0
"""Seconds behind the clock from which on it is set anew: the connection was away, and what was not said is not said all at once."""
TAIL = 0.3
"""Seconds to stay connected after the last packet, so that the server's jitter buffer plays it."""
LOST = "connection lost"
PASSING_ENDS = (LOST, "server_stopping", "restarted", "too_slow", "left")
"""Ends after which it is tried to come back: the network, the server or its engine failed, and nobody decided it."""
_ENDS = {
    "server_stopping": "the server stops",
    "restarted": "the server's engine was started again",
    "too_slow": "the connection was too slow",
}
MUTED = "you are muted: nobody hears you"


def cut_off(url: str, reason: str) -> Unavailable:
    """The error for a connection that ended for a reason that passes."""
    return Unavailable(_ENDS.get(reason, f"{url} cannot be reached"))


async def paced(packets: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The packets in real time, one each 20 ms. While nobody takes them time stands still."""
    clock = asyncio.get_running_loop()
    due = clock.time()
    for packet in packets:
        due = due if clock.time() - due < LATE else clock.time()
        await asyncio.sleep(max(0.0, due - clock.time()))
        due += TICK
        yield packet


async def by_microphone(
    profile: Profile, space: Space, microphone: Microphone, most: int | None, *, always: bool
) -> SpokenSound:
    """Send what the microphone records, at most `most` packets."""
    async with microphone:
        packets = microphone_packets(microphone)
        return await speak(profile, space, packets, most, microphone, always=always)


async def speak(
    profile: Profile,
    space: Space,
    packets: AsyncIterator[bytes],
    most: int | None,
    microphone: Microphone | None = None,
    *,
    always: bool,
) -> SpokenSound:
    """Send packets as they come, at most `most`. The speaker agreed to what `space` says is recorded, or to whatever comes (`always`)."""
    with progress("speaking") as shown:
        shown.add_task("", total=most)
        speaker = _Speaker(profile, space, packets, most, shown, always)
        try:
            await speaker.run()
        except asyncio.CancelledError:
            speaker.ended = "interrupted"  # the result so far is still shown
    return SpokenSound(
        seconds=round(speaker.frames * TICK, 2),
        frames=speaker.frames,
        lost=microphone.lost if microphone is not None else 0,
        lane=speaker.lane,
        ended=speaker.ended,
    )


@dataclass
class _Speaker:
    """Somebody who speaks, over one connection after the other."""

    profile: Profile
    space: Space
    packets: AsyncIterator[bytes]
    most: int | None
    shown: Progress
    always: bool
    frames: int = 0
    lane: int | None = None
    ended: str | None = None
    mic_open: bool = True
    """Whether the microphone may be opened: not if the server closed it, since to open it again is the speaker's own decision."""

    async def run(self) -> None:
        """Speak until all is said or the server ends it for good; then `ended` is why."""
        coming = ComingBack()
        while True:
            try:
                async with self._connection() as lanes:
                    self.lane = lanes.hello.lane
                    coming.back()
                    if (reason := await self._send(lanes)) not in PASSING_ENDS:
                        self.ended = reason
                        return
                error: SpacesError = cut_off(self.profile.url, reason)
            except PASSING as failure:
                if self.lane is None:
                    raise  # it was never there
                error = failure
            await self._wait(coming, error)
            if self.ended is not None:
                return

    def _connection(self) -> Lanes:
        consent = self.always or self.space.notice is not None
        return Lanes(
            self.profile.url, self.profile.token, self.space.id, "speak", mic_open=self.mic_open, consent=consent
        )

    async def _wait(self, coming: ComingBack, error: SpacesError) -> None:
        """Until the server answers again: what it says of the Space decides whether the microphone may be opened."""
        async with AsyncClient(self.profile.url, self.profile.token) as client:
            while True:
                await asyncio.sleep(coming.lost(error))
                try:
                    self._learn(await client.spaces.get(self.space.id))
                    return
                except Gone:
                    self.ended = "ended"
                    return
                except PASSING as failure:
                    error = failure

    def _learn(self, space: Space) -> None:
        if space.notice not in (None, self.space.notice) and not self.always and self.mic_open:
            note(f"{space.notice}; your microphone is closed: run the command again to go on")
            self.mic_open = False
        elif space.me is not None and space.me.muted and self.mic_open:
            note(MUTED)
            self.mic_open = False

    async def _send(self, lanes: Lanes) -> str | None:
        """Send over one connection; why it ended, None when all is said."""
        ended: list[str] = []
        watcher = asyncio.create_task(self._watch(lanes, ended))
        try:
            if self.frames == self.most:
                return None
            async for packet in self.packets:
                if ended:
                    break
                try:
                    await lanes.send(framing.pack(framing.UPLINK, self.frames, [(0, 0, packet)]))
                except Unavailable:
                    await asyncio.wait({watcher}, timeout=1.0)  # it has the reason
                    return ended[0] if ended else LOST
                self.frames += 1
                self.shown.advance(self.shown.task_ids[0])
                if self.frames == self.most:
                    break
            if not ended:
                await asyncio.wait({watcher}, timeout=TAIL)
            return ended[0] if ended else None
        finally:
            watcher.cancel()

    async def _watch(self, lanes: Lanes, ended: list[str]) -> None:
        reason = LOST
        async for message in lanes:
            match message:
                case said.Ended():
                    reason = message.reason
                case said.Recorded():
                    note("this Space is now recorded, so your microphone was closed; run the command again to go on")
                    self.mic_open = False
                case said.Muted():
                    note(MUTED)
                    self.mic_open = False
                case said.Unmuted():
                    note("you are no longer muted, but your microphone is closed; run the command again to speak")
        ended.append(reason)
