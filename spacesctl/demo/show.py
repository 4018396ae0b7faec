"""The show: people join, speak and listen, the host removes one of them, and the Space ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from spacesctl.api.moderation import Report
from spacesctl.api.people import NewKick
from spacesctl.api.redactions import Redaction
from spacesctl.api.space_events import SpaceEnded
from spacesctl.client.aio import AsyncClient
from spacesctl.client.lanes import Lanes
from spacesctl.demo.script import Turn
from spacesctl.demo.seats import LanesListener, LanesSpeaker
from spacesctl.demo.seats_webrtc import WebRtcListener, WebRtcSpeaker
from spacesctl.demo.stage import LISTENERS, Stage
from spacesctl.demo.state import State
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.errors import NotAllowed, SpacesError, Unavailable
from spacesctl.probe.aiortc_peer import own_address
from spacesctl.probe.probe_listener import ProbeListener
from spacesctl.probe.server_process import Server

KICK_AFTER = 4.0
"""Seconds from the mute to the host's kick: time to measure that the muted speaker is not heard."""
KICK_REASON = "the rule was right"
LAST = 0.5
"""Seconds after the audience has heard the end."""
SETTLE = 5.0
"""Seconds to wait for the last captions after the speech has ended."""
LATENESS_EVERY = 20.0
"""Seconds between two readings; the server's figure covers the last minute."""
_LATENESS = "spacesctl_engine_late_ms_max"


@dataclass(frozen=True)
class Said:
    """What a person sent: `ticks` of their script, beginning at about `tick` of the Space clock, by `way` (WebRTC or lanes)."""

    turn: Turn
    way: str
    tick: float
    ticks: int


@dataclass
class Performance:
    """The results of a show, besides the events and listeners in the state. `said` is by handle."""

    said: dict[str, Said] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    worst_lateness_ms: float = 0.0
    came_back: str | None = None
    reports: list[Report] = field(default_factory=list)
    on_stage: ProbeListener | None = None
    """The host's own ears, where the audience hears later than the stage."""
    redactions: list[Redaction] = field(default_factory=list)
    seconds: float = 0.0


class Show:
    """One show in a prepared Space; `await run(stop)`."""

    def __init__(self, server: Server, stage: Stage, turns: list[Turn], state: State) -> None:
        self._server = server
        self._stage = stage
        self._turns = turns
        self._state = state
        self._client = AsyncClient(stage.url, stage.tokens[stage.host])
        self._speakers: dict[str, tuple[Turn, LanesSpeaker | WebRtcSpeaker]] = {}
        self._clock = (0, 0.0)
        self._done = Performance()

    async def run(self, stop: asyncio.Event) -> Performance:
        """Run until `stop` is set or the state's `seconds` are over.

        Raises SpacesError: the server's refusals, and Unavailable when it has ended.
        """
        try:
            async with self._client, asyncio.TaskGroup() as group:
                crew = [group.create_task(one) for one in (self._watch(), self._guard(), self._keep_lateness())]
                crew += await self._seat_audience(group)
                speaking = await self._play(group, stop)
                await self._settle()
                await self._read_metrics()
                self._done.reports = [one async for one in self._client.moderation.reports()]
                await self._client.spaces.end(self._stage.space_id)
                await self._hear_out()
                await asyncio.wait(crew[:1], timeout=SETTLE)  # until `_watch` has the last event
                for task in [*speaking, *crew]:
                    task.cancel()
        except ExceptionGroup as group_of_errors:
            refused, others = group_of_errors.split(SpacesError)
            if others is not None or refused is None:
                raise
            # `except*` is not used, since before Python 3.11.4 what is raised in it is wrapped in another group.
            raise _first(refused) from None
        return self._done

    async def _play(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> list[asyncio.Task[None]]:
        """Run the part with sound and note what was said. Microphones stay open afterwards, so the last sentence is whole."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        over_webrtc = next(turn for turn in self._turns if _is_guest(turn))
        tasks = [group.create_task(self._speak(turn, began + turn.start, turn is over_webrtc)) for turn in self._turns]
        host = group.create_task(self._act_as_host())
        limit = self._state.seconds
        while not stop.is_set() and (limit is None or self._state.elapsed < limit):
            await asyncio.sleep(0.05)
            self._state.elapsed = loop.time() - began
        host.cancel()
        self._done.seconds = round(self._state.elapsed, 2)
        for handle, (turn, speaker) in self._speakers.items():
            if speaker.began is not None:
                ticks = speaker.said if turn.ticks is None else min(speaker.said, turn.ticks)
                self._done.said[handle] = Said(turn, speaker.way, self._tick_at(speaker.began), ticks)
        for task in tasks:
            task.cancel()
        return tasks

    async def _hear_out(self) -> None:
        """Let the audience hear the last seconds, and read what was kept from it."""
        if self._stage.delay:
            await asyncio.sleep(self._stage.delay + LAST)
            listed = self._client.redactions.list(self._stage.space_id)
            self._done.redactions = [one async for one in listed]

    def _tick_now(self) -> float:
        return self._tick_at(asyncio.get_running_loop().time())

    def _tick_at(self, moment: float) -> float:
        tick, at = self._clock
        return tick + (moment - at) * TICKS_PER_SECOND

    # -- seats

    async def _speak(self, turn: Turn, start_at: float, over_webrtc: bool) -> None:
        """Speak one part; a person whose part is empty does not open the microphone."""
        handle = turn.script.person.handle
        if turn.ticks == 0:
            return
        seat = self._state.seats[self._stage.ids[handle]]
        if over_webrtc and self._has_webrtc(f"@{handle} speaks"):
            seat.way = "WebRTC"
            peer = WebRtcSpeaker(self._stage, turn)
            self._speakers[handle] = turn, peer
            try:
                await peer.run(start_at)
            except TimeoutError:
                self._state.say(f"@{handle} speaks over WebSocket: WebRTC did not connect")
            else:
                return
        seat.way = "lanes"
        speaker = LanesSpeaker(self._stage, turn)
        self._speakers[handle] = turn, speaker
        await speaker.run(start_at)

    async def _seat_audience(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Connect three listeners: one by lanes, an anonymous one by lanes, one over WebRTC where that works. The first gives the clock.
        Where the audience is late, the host listens, too, and hears the stage."""
        by_lanes, over_webrtc = LISTENERS
        tasks = [await self._seat_listener(group, by_lanes), await self._seat_listener(group, None)]
        if self._stage.delay:
            tasks.append(await self._seat_listener(group, self._stage.host))
            self._done.on_stage = self._state.listeners.pop()
        if self._has_webrtc(f"@{over_webrtc} listens"):
            listener = ProbeListener("webrtc", f"@{over_webrtc}")
            peer = WebRtcListener(self._stage, self._stage.tokens[over_webrtc], listener, self._tick_now)
            tasks.append(group.create_task(self._listen(peer, over_webrtc)))
            await _either(tasks[-1], peer.joined)
            if peer.joined.is_set():
                self._state.listeners.append(listener)
                return tasks
        return [*tasks, await self._seat_listener(group, over_webrtc)]

    async def _seat_listener(self, group: asyncio.TaskGroup, handle: str | None) -> asyncio.Task[None]:
        listener = ProbeListener("lanes", f"@{handle}" if handle else None)
        seat = LanesListener(self._stage, self._stage.tokens[handle] if handle else None, listener)
        task = group.create_task(seat.run())
        await _either(task, seat.joined)
        self._clock = seat.clock
        self._state.listeners.append(listener)
        return task

    async def _listen(self, peer: WebRtcListener, handle: str) -> None:
        try:
            await peer.run()
        except TimeoutError:
            self._state.say(f"@{handle} listens over WebSocket: WebRTC did not connect")

    def _has_webrtc(self, who: str) -> bool:
        """Whether WebRTC can be tried. If not, lanes are used, and a line says so."""
        if own_address() is None:
            self._state.say(
                f"{who} over WebSocket: WebRTC needs an address other than 127.0.0.1, and this machine has none"
            )
            return False
        return True

    # -- the host, who acts once as a person

    async def _act_as_host(self) -> None:
        """Some seconds after a rule has muted somebody, remove them as the host, and let them try to come back."""
        seats = self._state.seats.values()
        while (muted := next((one for one in seats if one.person.muted), None)) is None:  # noqa: ASYNC110  # the state has no event to wait for
            await asyncio.sleep(0.05)
        await asyncio.sleep(KICK_AFTER)
        await self._client.people.kick(self._stage.space_id, muted.handle, NewKick(reason=KICK_REASON))
        await asyncio.sleep(0.5)
        try:
            async with Lanes(
                self._stage.url, self._stage.tokens[muted.handle.removeprefix("@")], self._stage.space_id, "speak"
            ):
                self._done.came_back = "came back"
        except NotAllowed as error:
            self._done.came_back = f"refused: {error.reason}"
        self._state.moderated(
            int(self._tick_now()),
            muted.handle,
            f"{muted.handle} tries to come back: {self._done.came_back}",
        )

    # -- what runs beside

    async def _watch(self) -> None:
        """Follow every event of the Space from its start, as the host sees them, with reconnections."""
        last = "0"
        while True:
            async for event in self._client.spaces.events(self._stage.space_id, "staff", last_event_id=last):
                last = last if event.seq is None else str(event.seq)
                self._state.on_event(event)
                if isinstance(event.data, SpaceEnded):
                    return
            await asyncio.sleep(0.2)

    async def _guard(self) -> None:
        while self._server.alive:  # noqa: ASYNC110  # a process has no event to wait for
            await asyncio.sleep(0.5)
        raise self._server.gone("ended")

    async def _keep_lateness(self) -> None:
        while True:
            await asyncio.sleep(LATENESS_EVERY)
            await self._read_metrics()

    async def _read_metrics(self) -> None:
        try:
            text = await self._client.server.metrics()
        except Unavailable as error:
            raise Unavailable("the demo's server does not answer") from error
        self._done.metrics = parse_metrics(text)
        self._done.worst_lateness_ms = max(self._done.worst_lateness_ms, self._done.metrics.get(_LATENESS, 0.0))

    async def _settle(self) -> None:
        """Wait until no partial caption is left, at most `SETTLE` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE
        await asyncio.sleep(0.3)
        while self._state.partials and loop.time() < end:  # noqa: ASYNC110  # the state has no event to wait for
            await asyncio.sleep(0.05)


def parse_metrics(text: str) -> dict[str, float]:
    """Values by name from Prometheus' text format, for metrics without labels."""
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def _is_guest(turn: Turn) -> bool:
    person = turn.script.person
    return person.role != "host" and not person.troublemaker


async def _either(task: asyncio.Task[None], joined: asyncio.Event) -> None:
    """Wait until a listener has joined, or its task has ended without that."""
    waiting = asyncio.ensure_future(joined.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _first(errors: BaseExceptionGroup[SpacesError]) -> SpacesError:
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
