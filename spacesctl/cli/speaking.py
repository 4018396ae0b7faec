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
MUTED = "you are muted: nobody hears you; your microphone opens again when that is lifted"
UNHEARD = "consent"
"""The end of who did not agree to a recording that began: the reason of the server for the same."""


UNMUTED = "you are no longer muted: your microphone is open again"
RECORDED = "this Space is now recorded, to which you agreed (--consent): your microphone is open again"


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
        unheard=speaker.unheard,
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
    unheard: int = 0
    """Packets that were not sent, since the microphone was closed. Time goes on: a file is then further on, as on any stage."""
    lane: int | None = None
    ended: str | None = None

    def __post_init__(self) -> None:
        self.mic_open = self.space.me is None or not self.space.me.muted
        """Closed while the host's mute lasts. The end of it opens it again, since a person who runs this command wants to be heard."""

    @property
    def taken(self) -> int:
        """Packets so far."""
        return self.frames + self.unheard

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
        if space.notice not in (None, self.space.notice) and not self.always:
            note(space.notice)
            self.ended = UNHEARD
            return
        heard = space.me is None or not space.me.muted
        if heard != self.mic_open:
            note(UNMUTED if heard else MUTED)
        self.mic_open = heard

    async def _send(self, lanes: Lanes) -> str | None:
        """Send over one connection; why it ended, None when all is said."""
        ended: list[str] = []
        watcher = asyncio.create_task(self._watch(lanes, ended))
        try:
            if self.taken == self.most:
                return None
            async for packet in self.packets:
                if ended:
                    break
                if self.mic_open:
                    try:
                        await lanes.send(framing.pack(framing.UPLINK, self.taken, [(0, 0, packet)]))
                    except Unavailable:
                        await asyncio.wait({watcher}, timeout=1.0)  # it has the reason
                        return ended[0] if ended else LOST
                    self.frames += 1
                else:
                    self.unheard += 1
                self.shown.advance(self.shown.task_ids[0])
                if self.taken == self.most:
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
                case said.Recorded() if self.always:
                    await self._open(RECORDED)
                case said.Recorded():
                    self.ended = UNHEARD
                case said.Muted():
                    note(MUTED)
                    self.mic_open = False
                case said.Unmuted():
                    await self._open(UNMUTED)
            if self.ended is not None:
                reason = self.ended
                break
        ended.append(reason)

    async def _open(self, told: str) -> None:
        """Open the microphone that the server closed. Where it does not, that is said, and nothing counts as spoken."""
        agrees = self.always or self.space.recording is not None
        try:
            async with AsyncClient(self.profile.url, self.profile.token) as client:
                await client.people.set_mic(self.space.id, is_open=True, consent=agrees)
        except SpacesError as error:
            self.mic_open = False
            if error.reason == UNHEARD:
                self.ended = UNHEARD
            elif error.reason not in ("muted", "ended"):  # the lanes say so, too
                note(f"your microphone stays closed: {error.message}; run the command again to speak")
        else:
            self.mic_open = True
            note(told)
