"""One actor per Space. It alone changes the Space, one command at a time.

For each command: `decide`, one database transaction, messages to the engine, publishing of the events, the answer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import TooMany, Unavailable
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.principals import Person, System
from spacesctl.domain.space import ListenerPolicy, Role, Space, State
from spacesctl.engine.messages import Frames, Levels
from spacesctl.live import audit_entries, effects, webhook_outbox
from spacesctl.live.clock import RunningClock
from spacesctl.live.connections import Connections
from spacesctl.live.engine import Engine
from spacesctl.live.evidence import EvidenceRing
from spacesctl.live.hub import Hub, View
from spacesctl.live.now import utc_now
from spacesctl.live.presence import Presence
from spacesctl.live.recorder import Recorder
from spacesctl.live.sessions import Session
from spacesctl.store import audit, recordings
from spacesctl.store import spaces as space_store
from spacesctl.store.database import Database

INBOX = 256
"""Commands that may wait for one actor; further ones are refused."""


@dataclass(frozen=True)
class Outcome:
    """What a command did. `events` is empty when there was nothing to change."""

    before: Space | None
    after: Space
    events: list[e.Event]
    at: datetime


Projection = Callable[[AsyncConnection, Outcome], Awaitable[None]]
"""Writes more in the same transaction. An exception from it rolls the command back."""


@dataclass
class _Ask:
    command: c.Command
    projection: Projection | None
    answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SpaceActor:
    """Serves one Space. Created by `SpaceRegistry`; lives while its Space is live, and for some time after the last command."""

    def __init__(
        self,
        space: Space | None,
        db: Database,
        engine: Engine,
        on_change: Callable[[Outcome], None],
        last_tick: int = 0,
    ) -> None:
        self.space = space
        self.hub = Hub()
        self.ring = EvidenceRing()
        self.connections = Connections(engine)
        self.ssrc = _new_ssrc()
        self.tick = last_tick
        self._lane_of: dict[int, str] = {}
        self._captioned: dict[int, int] = {}
        self.presence = Presence()
        self.recorder: Recorder | None = None
        self._clock: RunningClock | None = None
        self._reactions: Counter[str] = Counter()
        self._db = db
        self._engine = engine
        self._on_change = on_change
        self._inbox: asyncio.Queue[_Ask] = asyncio.Queue(INBOX)
        self._task = asyncio.create_task(self._run())

    async def ask(self, command: c.Command, projection: Projection | None = None) -> Outcome:
        """Run a command and return what it did. Raises TooMany, or the SpacesError that refuses the command; nothing
        has changed then.
        """
        ask = _Ask(command, projection)
        try:
            self._inbox.put_nowait(ask)
        except asyncio.QueueFull as full:
            raise TooMany("commands for this Space", 1) from full
        return await ask.answer

    async def stop(self) -> None:
        """Stop the actor. A command that is running is canceled."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            ask = await self._inbox.get()
            try:
                outcome = await self._handle(ask)
            except asyncio.CancelledError:
                ask.answer.cancel()
                raise
            except Exception as error:  # raised in the task that asked
                if not ask.answer.cancelled():
                    ask.answer.set_exception(error)
            else:
                if not ask.answer.cancelled():
                    ask.answer.set_result(outcome)

    async def _handle(self, ask: _Ask) -> Outcome:
        now = utc_now()
        events = decide(self.space, ask.command, now)
        after = evolve_all(self.space, events, now)
        if after is None:
            raise RuntimeError("a command without a Space created none")
        if self.space is not None and not self.space.is_over:
            self.tick = self.now_tick()
        outcome = Outcome(self.space, after, events, now)
        stored = []
        async with self._db.begin() as connection:
            if events:
                stored = await space_store.save(connection, after, events, now, self.tick)
            await recordings.note(connection, after, events, self.tick)
            for entry in audit_entries.entries(after, events, ask.command.by):
                await audit.append(connection, entry, now)
            await webhook_outbox.note(connection, after, events, now)
            if ask.projection is not None:
                await ask.projection(connection, outcome)
        self.space = after
        if ask.command.by.account_id == after.host_id:
            self.presence.host_acted(time.monotonic())
        self._tell_engine(after, events)
        self.hub.publish(stored)
        for event in events:
            if isinstance(event, e.LaneOpened):
                self._lane_of[event.lane] = event.account_id
            elif isinstance(event, e.Removed):
                self.hub.close(event.account_id)
            elif isinstance(event, e.RoleChanged) and event.role.rank < Role.COHOST.rank:
                self.hub.close(event.account_id, [View.STAFF])  # a client that may still see it (an admin's) reconnects
            elif isinstance(event, e.SpaceEdited) and event.listeners is ListenerPolicy.ACCOUNTS:
                self.hub.close_anonymous()
        self._on_change(outcome)
        return outcome

    def now_tick(self) -> int:
        """The present tick of the Space clock; 0 before the start."""
        return max(self.tick, self._clock.tick()) if self._clock else self.tick

    def _open_on_engine(self, space: Space, first_tick: int) -> None:
        if space.started_at is None:
            raise RuntimeError("a live Space has a start time")
        self._engine.send(effects.open_space(space, first_tick=first_tick, ssrc=self.ssrc))
        try:
            ready = self._engine.ready
        except Unavailable:  # the engine is restarting; `engine_restarted` opens the Space again
            ready = None
        self._clock = RunningClock(space.started_at, first_tick, ready)

    def _tell_engine(self, after: Space, events: list[e.Event]) -> None:
        if any(isinstance(event, e.SpaceStarted) for event in events):
            self._open_on_engine(after, 0)
        self.connections.after(after, events)
        self.connections.tell_lane_readers(after, events)
        self.connections.tell_speakers(events)

    def react(self, reaction: str) -> None:
        """Count a reaction. The counts are published by `tell_reactions`."""
        self._reactions[reaction] += 1

    def tell_reactions(self) -> None:
        """Publish the reactions that were counted since the last call, if any."""
        if self._reactions:
            self.hub.publish_ephemeral("reactions", {"tick": self.now_tick(), "counts": dict(self._reactions)})
            self._reactions.clear()

    @property
    def participant_count(self) -> int:
        """How many are connected with audio: each account once, anonymous listeners per connection."""
        ids = [session.account_id for session in self.connections.sessions.values()]
        return len({one for one in ids if one is not None}) + ids.count(None)

    async def look_around(self, now: float, bot_id: str) -> None:
        """Act on absent hosts and empty Spaces. Called once a second while the Space is live; `now` is in monotonic seconds."""
        if self.space is None:
            return
        present = {session.account_id for session in self.connections.sessions.values()} - {bot_id}
        if any(subscriber.account_id == self.space.host_id for subscriber in self.hub.subscribers):
            present.add(self.space.host_id)
        step = self.presence.look(now, self.space.host_id, present)
        if step == "host_gone":
            await self.ask(c.HostGone(System("host_gone")))
        elif step == "end":
            await self.ask(c.End(System("empty")))

    def speaker_of(self, lane: int) -> str | None:
        """The account of a lane's microphone session, also after it closed, since its last captions arrive later."""
        return self._lane_of.get(lane)

    def is_new_caption(self, lane: int, utterance: int) -> bool:
        """Whether this utterance has no final caption yet; the call marks it as having one.

        A bot that lost our answer posts the caption again. Utterance numbers rise within a lane.
        """
        if utterance <= self._captioned.get(lane, -1):
            return False
        self._captioned[lane] = utterance
        return True

    def connect(self, session: Session, caller: Person) -> None:
        """Add a session of this Space."""
        if self.space is not None:
            self.connections.add(self.space, session, caller)

    async def drop_session(self, session_id: str, reason: str = "left") -> None:
        """End a session and close its lane, if it has one. Does nothing for a session that has ended."""
        session = self.connections.sessions.get(session_id)
        if session is None or self.space is None:
            return
        self.connections.end(self.space, [session], reason)
        if session.lane is not None and self.space.state is State.LIVE:
            await self.ask(c.CloseMic(System("disconnected"), session.lane, reason))

    def on_frames(self, message: Frames) -> None:
        """Pass one tick of audio to the evidence ring, the recorder, lane readers and WebSocket listeners."""
        self.tick = max(self.tick, message.tick)
        for lane, _flags, payload in message.lanes:
            self.ring.add(message.tick, lane, payload)
        self.connections.on_frames(message)
        if self.recorder is not None:
            self.recorder.add(message)

    def on_levels(self, message: Levels) -> None:
        """Publish the audio levels of the lanes to subscribers."""
        if self.space is None or not self.hub.subscribers:
            return
        who = {person.lane: person.account_id for person in self.space.people.values() if person.lane is not None}
        levels: list[dict[str, Any]] = [
            {"lane": lane, "account_id": who[lane], "db": level, "active": active}
            for lane, level, active in message.levels
            if lane in who
        ]
        self.hub.publish_ephemeral("levels", {"tick": message.tick, "levels": levels})

    async def engine_restarted(self) -> None:
        """Open the Space on a new engine, which has no state, after the last tick. All peers and lanes are gone and are
        closed; clients reconnect.
        """
        if self.space is None or self.space.state is not State.LIVE:
            return
        self.ssrc = _new_ssrc()
        self._open_on_engine(self.space, self.tick + 1)
        lost = [s for s in self.connections.sessions.values() if s.kind.is_webrtc or s.kind.is_up]
        self.connections.end(self.space, lost, "restarted")
        self.connections.tap(self.space)
        for person in list(self.space.people.values()):
            if person.lane is not None:
                await self.ask(c.CloseMic(System("engine_restarted"), person.lane, "restarted"))


def _new_ssrc() -> int:
    return secrets.randbelow(2**32 - 1) + 1
