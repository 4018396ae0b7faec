"""One actor per Space: its state, and what is connected to it. What a request did is applied here after it was stored: the engine is
told, sessions are moved or ended, event streams get the events.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial

from spacesctl.api import events as wire
from spacesctl.api.lanes import OpenLane
from spacesctl.api.wire import Answer
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.decide import decide_all
from spacesctl.domain.errors import SpacesError, Unavailable
from spacesctl.domain.measures import EVERY
from spacesctl.domain.principals import Person, System
from spacesctl.domain.redaction import Redaction, Stretch
from spacesctl.domain.space import Space
from spacesctl.domain.words import RedactionMode, Role, State
from spacesctl.engine.messages import FLAG_ACTIVE, Frames, Levels, OpenSpace
from spacesctl.live.aggregate import Aggregate
from spacesctl.live.audience import Audience
from spacesctl.live.clock import ClockMark, RunningClock
from spacesctl.live.conduct import Conduct
from spacesctl.live.connections import Connections
from spacesctl.live.cut_off import CutOff
from spacesctl.live.effects import pending, redact_message, ticks
from spacesctl.live.engine import Engine
from spacesctl.live.event_views import View
from spacesctl.live.evidence import EVIDENCE_SECONDS, EvidenceRing
from spacesctl.live.hub import Hub
from spacesctl.live.microphones import Microphones
from spacesctl.live.open_access import OpenAccess
from spacesctl.live.outcome import Outcome
from spacesctl.live.own_places import changed_places
from spacesctl.live.presence import Presence, command_of
from spacesctl.live.recorder import Recorder
from spacesctl.live.safety_delay import SafetyDelay
from spacesctl.live.sessions import Session
from spacesctl.live.spacing import Spacing
from spacesctl.live.stream_writer import StreamWriter
from spacesctl.live.subscriber import Sink, Subscriber
from spacesctl.live.writing import Writing, of_draft, told
from spacesctl.store.spaces import StoredEvent
from spacesctl.support.clock import Clock
from spacesctl.support.supervision import TaskSupervisor

_CHANGE_ADMISSION = (e.Removed, e.SpaceEdited, e.RoleChanged, e.HostChanged)
"""Events after which somebody who is here may no longer be."""
END_TICKS = 5
"""Ticks after the last one until a Space that has ended is closed: its sound is on the way."""
Ask = Callable[..., Awaitable[Outcome]]
"""`ask(space_id, *commands)`: a transaction of their own."""


class SpaceActor(Aggregate[Space, c.Command, e.Event]):
    """Serves one Space, and is its `SpaceHandle`. Made by `SpaceRegistry`; lives while its Space is live, and for some time after."""

    def __init__(
        self,
        space: Space | None,
        engine: Engine,
        clock: Clock,
        ask: Ask,
        tasks: TaskSupervisor,
        last_tick: int = 0,
        writer: StreamWriter | None = None,
    ) -> None:
        super().__init__(space, decide_all)
        self.hub = Hub(writer)
        self.audience = Audience(self.hub, self.now_tick)
        self.microphones = Microphones()
        if space is not None:
            self.audience.knows(space.seq, space.redactions.values(), space.erased)
        if space is not None and space.state is State.LIVE:  # the engine begins with a whole delay; a dry run has none
            self.audience.opens(ticks(space.delay))
            self.microphones.knows(space, last_tick)
        self.ring = EvidenceRing()
        self.connections = Connections(engine, writer)
        self.presence = Presence(seen=space is not None and (space.away is not None or space.host_id in space.spoke))
        self.recorders: list[Recorder] = []
        self.tick = last_tick
        self._ssrc = _new_ssrc()
        self._running: RunningClock | None = None
        self._over_since: float | None = None
        self.known_to = last_tick
        """A tick to which the audience may have heard the stage, as the store knows it after a start of the server."""
        self._reactions: list[tuple[str, str]] = []
        """Who reacted how since they were told last."""
        self.conduct = Conduct()
        self.spacing = Spacing(clock.monotonic)
        self.writing = Writing(clock.monotonic)
        self.cut_off_from = CutOff(clock.monotonic)
        self.safety = SafetyDelay(self.audience)
        self._engine = engine
        self._clock = clock
        self._ask = ask
        self._tasks = tasks
        self.open = OpenAccess(lambda: self.space, self.hub, self.connections, self._arrived)

    @property
    def space(self) -> Space:
        """The present state. Raises RuntimeError before the Space is created."""
        if self.state is None:
            raise RuntimeError("the Space has not been created")
        return self.state

    @property
    def is_live(self) -> bool:
        return self.state is not None and self.state.state is State.LIVE

    @property
    def ssrc(self) -> int:
        """The SSRC of the outputs; another one after each start of the engine."""
        return self._ssrc

    @property
    def unrecognised(self) -> set[str]:
        """Accounts whose next lane no program is to recognise, since its words are known: they are typed."""
        return self.connections.unrecognised

    async def ask(self, *commands: c.Command) -> Outcome:
        """Give commands in a transaction of their own. Raises what refuses one of them; nothing has changed then."""
        return await self._ask(self.space.id, *commands)

    def stop_clock(self, before: Space | None) -> int:
        """The tick at which something happens to the Space `before`; after its end the clock stands."""
        if before is not None and not before.is_over:
            self.tick = self.now_tick()
        return self.tick

    def apply(self, outcome: Outcome, stored: list[StoredEvent]) -> None:
        """Take over what was stored."""
        self.state = after = outcome.after
        if after.is_over:
            self.open.attendance.counted(self.participant_count)  # who came after the last look
        events = outcome.events
        self.safety.follow(after, events)
        self.audience.masks.erased = after.erased
        if isinstance(outcome.by, Person) and outcome.by.account_id is not None:
            self.presence.acted(outcome.by.account_id, self._clock.monotonic())
            self.open.came(outcome.by)
        for event in events:
            if isinstance(event, e.HandRaised):
                self.spacing.sent(event.account_id)
                self.conduct.requests.add(outcome.tick, event.account_id)
            elif isinstance(event, e.ChatSaid):
                self.writing.spacing.sent(event.account_id)
                self.microphones.wrote(event.account_id, event.tick)
            elif isinstance(event, e.CaptionSpoken) and event.typed:
                self.writing.ended(event.account_id)
                self.microphones.wrote(event.account_id, event.end_tick)
            elif isinstance(event, e.ReportFiled | e.ReportDecided | e.Removed | e.Readmitted):
                self.conduct.reports_changed = True
        if any(isinstance(event, e.SpaceStarted) for event in events):
            self._open_on_engine(after, 0)
        if isinstance(outcome.by, Person) and any(isinstance(event, e.LaneOpened) for event in events):
            self.connections.know(outcome.by)
        self.connections.after(after, events, self.audience.behind * TICK_SECONDS)
        self.connections.tell_lane_readers(after, events)
        self.connections.tell_speakers(events)
        if isinstance(outcome.by, Person):
            self.connections.tell_texts(told(after, events, outcome.by))
        staff = {one for one, member in after.people.items() if member.role.rank >= Role.COHOST.rank}
        self.audience.publish(stored, staff, redacts=after.redacts)
        self.audience.tell_own(changed_places(after, events, later=self.audience.is_waiting))
        if after.is_over:
            self.hub.finish(View.STAFF)
            if not self.audience.is_waiting or any(isinstance(event, e.SpaceEnded) for event in events):
                self.audience.at(outcome.tick + END_TICKS if self.audience.behind else 0, self._finish)
        self.microphones.follow(after, outcome.tick)
        if any(isinstance(event, _CHANGE_ADMISSION) for event in events):
            self.open.look_again({event.account_id for event in events if isinstance(event, e.Removed)})

    def _finish(self) -> None:
        """The audience has heard the end of the Space."""
        self.connections.finish(self.space)
        self.hub.finish(View.AUDIENCE)

    def require_unhurried(self, person: Person) -> None:
        """Check that the Space is not too slow for another request or reaction. Staff may always. Raises TooMany."""
        slow, me = self.space.measure("slow"), person.account_id or ""
        if slow is not None and not person.is_admin and self.space.role_of(me).rank < Role.COHOST.rank:
            self.spacing.require(me, slow.every or EVERY)

    def require_unhurried_writer(self, person: Person) -> None:
        """Check that an account does not write sooner than the chat's slow mode lets it. Staff may always. Raises TooMany."""
        every, me = self.space.chat_every, person.account_id or ""
        if every and not person.is_admin and self.space.role_of(me).rank < Role.COHOST.rank:
            self.writing.spacing.require(me, every, "messages: this chat is slow")

    def utterance_of(self, person: Person) -> int:
        """The number of what a person types at the moment."""
        return self.writing.utterance(person.account_id or "", self.now_tick())

    def type_on(self, person: Person, text: str) -> None:
        """Show what a person on stage has typed so far; nothing, when they took it back."""
        draft = self.writing.draft(person, text, self.now_tick())
        if not text:
            self.writing.ended(draft.account_id)
        self.connections.tell_texts([of_draft(self.space, draft, person)])
        self.audience.tell_partial(draft, redacts=self.space.redacts)

    def was_there(self, account_id: str) -> bool:
        """Whether an account was in the Space, as far as it is known here: since the server started, or with a role."""
        return self.open.was_there(account_id)

    def revoked(self, credentials: Collection[str], why: str) -> list[Session]:
        """End what was opened with these credentials (ids): event streams, and sessions, which are returned."""
        return self.open.revoked(credentials, why)

    async def after_revocation(self, ended: Iterable[Session], why: str) -> None:
        """Close the lanes of sessions that `revoked` ended."""
        lanes = [session.lane for session in ended if session.lane is not None]
        if lanes:
            await self._close_lanes(lanes, System(why), why)

    def now_tick(self) -> int:
        """The present tick of the Space clock; 0 before the start."""
        return max(self.tick, self._running.tick()) if self._running else self.tick

    def _open_on_engine(self, space: Space, first_tick: int) -> None:
        try:
            ready = self._engine.ready
        except Unavailable:  # the engine is restarting; `engine_restarted` opens the Space again
            ready = None
        running = self._running = RunningClock(first_tick, self._clock)
        self.audience.opens(ticks(space.delay))
        self._engine.send(OpenSpace(space.id, running.started_at(ready), first_tick, self.ssrc, ticks(space.delay)))
        self.connections.send(pending(space))

    def mark(self) -> ClockMark:
        """What is to be stored of its clock."""
        return ClockMark(self.tick) if self._running is None else self._running.mark()

    def subscribe(self, view: View, person: Person) -> Subscriber:
        """Open an event stream. One whose person may no longer follow it since that was checked ends at once."""
        subscriber = self.hub.subscribe(view, person)
        if self.open.ends_at_once(person, subscriber.access) is not None:
            subscriber.close()
        return subscriber

    def attach(self, subscriber: Subscriber, sink: Sink) -> None:
        """Write an event stream to `sink` from now on."""
        self.hub.attach(subscriber, sink, self.seq_of(subscriber.view))

    def seq_of(self, view: View) -> int:
        """The number of the newest event that a view was told."""
        return self.space.seq if view is View.STAFF else self.audience.seq

    @property
    def heard(self) -> int:
        """The last tick of the stage that the audience has heard."""
        return self.audience.heard

    @property
    def is_protected(self) -> bool:
        """Whether what is said may be redacted before it is heard or kept."""
        return self.space.redacts or self.space.delay > 0 or self.audience.behind > 0

    def record(self, recorder: Recorder) -> None:
        """Give a recorder all frames from now on."""
        self.recorders.append(recorder)
        self.connections.is_recorded = True

    def record_no_more(self, recorder: Recorder) -> None:
        """Undo `record`."""
        self.recorders.remove(recorder)
        self.connections.is_recorded = bool(self.recorders)
        self.connections.tap(self.space)

    def unheard(self, account_id: str) -> tuple[Stretch, ...]:
        """What an account may have said that the audience has not heard, by lane."""
        return self.microphones.said(account_id, self.audience.heard + 1, self.now_tick())

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget an event stream that ended."""
        self.hub.unsubscribe(subscriber)

    def publish(self, data: Answer, views: Iterable[View] = View) -> None:
        """Send a message to event streams that is not stored or replayed."""
        self.hub.publish_ephemeral(data, views)

    def publish_partial(self, caption: wire.PartialCaption) -> None:
        """Send a caption that may still change."""
        self.audience.tell_partial(caption, redacts=self.space.redacts)

    def tell_delay(self) -> None:
        """Publish how far behind the audience hears, while that changes and once it is as wanted."""
        if self.is_live and (told := self.safety.news()) is not None:
            self.publish(told)

    def react(self, person: Person, reaction: str) -> None:
        """Count a reaction. The counts are published by `tell_reactions`."""
        self._reactions.append((person.account_id or "", reaction))
        self.conduct.reactions.add(self.now_tick(), person.account_id or "")
        self.spacing.sent(person.account_id or "")
        self.open.came(person)

    def _arrived(self, account_id: str) -> None:
        """An account is there that was not, since the server knows the Space."""
        if self.is_live:
            self.conduct.arrived(account_id, self.now_tick(), self._clock.now())

    def tell_reactions(self) -> None:
        """Publish the reactions that were counted since the last call, if any."""
        counts = Counter(reaction for who, reaction in self._reactions if not self.audience.masks.silences(who))
        self._reactions.clear()
        if counts:
            self.audience.tell(wire.Reactions(tick=self.now_tick(), counts=dict(counts)), self.now_tick())

    def connected(self) -> list[str | None]:
        """The account of each session with audio; None for anonymous listeners."""
        return [session.account_id for session in self.connections.sessions.values()]

    def present(self) -> frozenset[str]:
        """The accounts that are connected, with audio or by an event stream."""
        streams = (subscriber.person.account_id for subscriber in self.hub.subscribers)
        return frozenset(one for one in (*self.connected(), *streams) if one is not None)

    def here(self) -> frozenset[str]:
        """The accounts that are in the Space: connected, or with a command in the last minute."""
        return frozenset(one for one in self.presence.present(self._clock.monotonic(), self.present()) if one)

    @property
    def participant_count(self) -> int:
        """How many are connected with audio: each account once, anonymous listeners per connection."""
        ids = self.connected()
        return len({one for one in ids if one is not None}) + ids.count(None)

    @property
    def peak(self) -> int:
        """How many there were at once at most, since the actor was made."""
        return max(self.open.attendance.peak, self.participant_count)

    async def look_around(self, bot_id: str) -> None:
        """Act on absent hosts and empty Spaces. Called once a second while the Space is live."""
        space, now = self.space, self._clock.monotonic()
        streams = {subscriber.person.account_id for subscriber in self.hub.subscribers}
        connected = ({*self.connected()} | streams) - {bot_id}
        cohosts = [person.account_id for person in space.with_role(Role.COHOST)]
        step = self.presence.look(now, space.host_id, connected, cohosts, space.former_host)
        if step is None:
            return
        try:
            await self.ask(command_of(step, space, self.presence.present(now, connected)))
        except Exception:  # such as a database that is locked: the host is still away a second later
            self.presence.not_done()
            raise

    def speaker_of(self, lane: int) -> str | None:
        """The account of a lane's microphone session, also after it closed, since its last captions arrive later."""
        return self.microphones.speaker_of(lane)

    def is_spent(self) -> bool:
        """Whether the Space is over, nothing is connected to it any longer, and its evidence has aged: this actor can go."""
        if self.state is None or not self.state.is_over:
            return False
        now = self._clock.monotonic()
        self._over_since = now if self._over_since is None else self._over_since
        if self.hub.subscribers or self.connections.sessions:
            return False
        return now - self._over_since >= EVIDENCE_SECONDS and not (
            self.open.attendance.unstored or self.open.attendance.unstored_peak
        )

    def silence(self, stretch: Stretch, mode: RedactionMode) -> None:
        """Keep a stretch from the audience although the store does not take it."""
        name = f"{self.space.id}-u{stretch.lane}-{stretch.first}"
        one = Redaction(name, stretch.lane, None, stretch.first, stretch.last, mode, {})
        self.audience.masks.take(e.RedactionMade(one, self.heard))
        self._engine.send(redact_message(self.space.id, one))

    def clip(
        self, account_id: str, first_tick: int, last_tick: int, without: Sequence[tuple[int, int]] = ()
    ) -> bytes | None:
        """What an account said, in all its sessions, as Ogg Opus from the evidence ring; None when the ring holds nothing of it. Spoken
        numbers are left out, unless the rules were set with them."""
        grant, lanes = self.space.grant, self.microphones.lanes_of(account_id)
        if grant is not None and grant.with_numbers:
            return self.ring.cut(lanes, first_tick, last_tick)
        numbers = [stretch for lane in lanes for stretch in self.audience.masks.numbers(lane)]
        return self.ring.cut(lanes, first_tick, last_tick, [*numbers, *without])

    def has_numbers(self, account_id: str, first_tick: int, last_tick: int) -> bool:
        """Whether a spoken number that evidence leaves out is within these ticks of what an account said."""
        if self.space.grant is not None and self.space.grant.with_numbers:
            return False
        numbers = (one for lane in self.microphones.lanes_of(account_id) for one in self.audience.masks.numbers(lane))
        return any(first <= last_tick and first_tick <= last for first, last in numbers)

    def newest_sound(self, account_id: str) -> tuple[int, int] | None:
        """The tick and the lane of the newest sound of an account in the evidence ring; None when there is none."""
        return self.ring.newest(self.microphones.lanes_of(account_id))

    def forget_evidence(self) -> None:
        """Drop what is older than a minute, also after the end."""
        self.ring.forget(self.now_tick())

    def session(self, session_id: str) -> Session | None:
        """A session that is connected."""
        return self.connections.sessions.get(session_id)

    async def cut_off(self, session: Session) -> None:
        """End the session of a listener without an account, and let nobody without one in from there for a moment."""
        self.cut_off_from.note(session.place)
        await self.disconnect(session.id, "removed")

    def require_elsewhere(self, person: Person, place: str) -> None:
        """Check that a listener without an account does not come from where one was just put out. Raises NotAllowed."""
        if person.account_id is None:
            self.cut_off_from.require_elsewhere(place)

    def anonymous(self) -> list[Session]:
        """The sessions of listeners without an account, the oldest first."""
        return self.connections.of(None)

    def lanes(self) -> list[OpenLane]:
        """The open microphone sessions, in the format for lane readers."""
        return self.connections.lanes(self.space)

    def connect(self, session: Session) -> None:
        """Add a session of this Space. One whose person may no longer be here since that was checked ends at once."""
        session.since_tick = self.now_tick()
        self.connections.add(self.space, session)
        reason = self.open.ends_at_once(session.person, session.access)
        if reason is not None:
            self._tasks.later("end a session", partial(self.disconnect, session.id, reason))

    async def disconnect(self, session_id: str, reason: str = "left") -> None:
        """End a session and close its lane, if it has one. Does nothing for a session that has ended.

        The session ends at once, also when the store is in trouble: that its lane is closed is then stored later.
        """
        session = self.connections.sessions.get(session_id)
        if session is None:
            return
        self.connections.end(self.space, [session], reason)
        if session.lane is not None:
            await self._close_lanes([session.lane], System("disconnected"), reason)

    async def _close_lanes(self, lanes: Sequence[int], by: System, reason: str) -> None:
        """Store that these lanes are closed, as soon as the store takes it."""

        async def close() -> None:
            still = {person.lane for person in self.space.people.values()}
            left = [c.CloseMic(by, lane, reason) for lane in lanes if lane in still]
            if left and self.is_live:
                await self.ask(*left)

        with suppress(SpacesError):  # it was closed, or the Space ended, while this waited for its turn
            await self._tasks.insist("close lanes", close)

    def on_frames(self, message: Frames) -> None:
        """Pass one tick of audio to the evidence ring, the recorder, lane readers and WebSocket listeners."""
        self.tick = max(self.tick, message.tick)
        for lane, flags, payload in message.lanes:
            self.ring.add(message.tick, lane, payload)
            if flags & FLAG_ACTIVE:
                self.microphones.sounds(lane, message.tick)
        self.connections.on_frames(message)
        for recorder in self.recorders:
            recorder.add(message)

    def on_levels(self, message: Levels) -> None:
        """Publish the audio levels of the lanes to subscribers, and tell lane readers what more is known of their sound."""
        self.connections.on_levels(message)
        if self.state is None or not self.hub.subscribers:
            return
        who = {person.lane: person.account_id for person in self.state.people.values() if person.lane is not None}
        levels = [
            wire.Level(lane=lane, account_id=who[lane], db=level, active=active)
            for lane, level, active in message.levels
            if lane in who
        ]
        self.audience.tell(wire.Levels(tick=message.tick, levels=levels), message.tick)

    async def engine_restarted(self) -> None:
        """Open the Space on a new engine, which has no state, after the last tick. All peers and lanes are gone and are
        closed; clients reconnect.
        """
        await self._lose_unheard()
        self.audience.flush()
        if not self.is_live:
            return
        self._ssrc = _new_ssrc()
        self._open_on_engine(self.space, self.now_tick() + 1)
        lost = [s for s in self.connections.sessions.values() if s.kind.is_webrtc or s.kind.is_up]
        self.connections.end(self.space, lost, "restarted")
        self.connections.tap(self.space)
        closed = [person.lane for person in self.space.people.values() if person.lane is not None]
        await self._close_lanes(closed, System("engine_restarted"), "restarted")

    async def _lose_unheard(self) -> None:
        """What the audience has not heard is lost with the engine. It is not to be read either."""
        known_to = self.known_to if self._running is None else None
        lost = self.safety.lost(self.space, self.now_tick(), known_to) if self.is_live else None
        if lost is not None:
            await self._tasks.insist("note what was not heard", partial(self.ask, lost))


def _new_ssrc() -> int:
    return secrets.randbelow(2**32 - 1) + 1
