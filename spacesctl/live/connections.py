"""The sessions that are connected to one Space with audio, and what events change for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from spacesctl.api import lanes as wire
from spacesctl.audio import framing
from spacesctl.domain import events as e
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Member, Space
from spacesctl.engine.messages import CloseSpace, Frames, Levels, ToEngine
from spacesctl.live import effects
from spacesctl.live.broadcast import Broadcast
from spacesctl.live.engine import Engine
from spacesctl.live.sessions import Feed, Session, SessionKind
from spacesctl.live.stream_writer import StreamWriter


class Connections:
    """In memory only, owned by the Space's actor. `sessions` is keyed by session id; `places` counts the sessions per
    place of origin.
    """

    def __init__(self, engine: Engine, writer: StreamWriter | None = None) -> None:
        self.sessions: dict[str, Session] = {}
        self.places: Counter[str] = Counter()
        self._fed: dict[str, tuple[Session, Feed]] = {}  # sessions over a WebSocket: few among thousands
        self._engine = engine
        self._writer = writer or StreamWriter()
        self._broadcast: Broadcast | None = None
        self.is_recorded = False
        """Whether a recording takes what the audience hears: it goes on until the audience has heard its end."""
        self.unrecognised: set[str] = set()
        """Accounts whose next lane is read out by the server: what is typed is known already."""
        self._read_out: set[int] = set()
        """The lanes of these."""
        self._speakers: dict[str, Person] = {}
        """The accounts that opened a microphone, with the handles that lane readers are sent."""

    def know(self, speaker: Person) -> None:
        """Remember who opens a microphone, before the lane is announced."""
        self._speakers[speaker.account_id or ""] = speaker

    def add(self, space: Space, session: Session) -> None:
        """Add a session, and request the engine outputs that it needs."""
        self.sessions[session.id] = session
        self.places[session.place] += 1
        if session.feed is not None:
            self._fed[session.id] = (session, session.feed)
        if session.kind is SessionKind.OGG:
            if self._broadcast is None:
                self._broadcast = Broadcast(self._writer)
            session.pages = self._broadcast.join(space.title)
        if session.kind.is_tapped:
            self.tap(space)

    def end(self, space: Space, sessions: Iterable[Session], reason: str) -> None:
        """End sessions, with the reason that their clients are told."""
        ended = list(sessions)
        self.send(effects.end_sessions(ended, reason))
        for session in ended:
            if self.sessions.pop(session.id, None) is not None:
                self._forget_place(session.place)
            self._fed.pop(session.id, None)
            if session.pages is not None and self._broadcast is not None:
                self._broadcast.leave(session.pages)
                self._broadcast = self._broadcast if len(self._broadcast) else None
        if any(session.kind.is_tapped for session in ended):
            self.tap(space)

    def _forget_place(self, place: str) -> None:
        self.places[place] -= 1
        if not self.places[place]:
            del self.places[place]

    def of(self, account_id: str | None) -> list[Session]:
        """The sessions of an account; None: the anonymous ones."""
        return [session for session in self.sessions.values() if session.account_id == account_id]

    def after(self, space: Space, events: list[e.Event], behind: float = 0.0) -> None:
        """After events: send lane changes to the engine, end sessions, and move listeners whose mix changed; the audience hears `behind`
        seconds later than the stage."""
        self.send(effects.lane_messages(space, events))
        for event in events:
            match event:
                case e.LaneClosed(_, lane, reason):
                    self.end(space, [s for s in self.sessions.values() if s.lane == lane and s.kind.is_up], reason)
                case e.RecordingStarted() | e.RecordingStopped():
                    self.tap(space)
                case e.SpaceEnded():
                    self.end(space, [s for s in self.sessions.values() if not _stays(space, s)], "ended")
                case _:
                    pass
        touched = {getattr(event, "account_id", None) for event in events} - {None}
        mine = [session for session in self.sessions.values() if session.account_id in touched]
        self.send(effects.move_sessions(space, mine, behind))
        if any(session.kind is SessionKind.LISTEN for session in mine):
            self.tap(space)

    def finish(self, space: Space) -> None:
        """The audience has heard the end."""
        if self._broadcast is not None:
            self._broadcast.close()
        self.end(space, list(self.sessions.values()), "ended")
        self._engine.send(CloseSpace(space.id))

    def on_frames(self, message: Frames) -> None:
        """Distribute one tick of audio. All readers of one kind get the same bytes."""
        if self._broadcast is not None:
            self._broadcast.add(message)
        packed = {group: framing.pack(framing.MIX, message.tick, [(0, 0, payload)]) for group, payload in message.mixes}
        lanes = framing.pack(framing.LANES, message.tick, message.lanes) if message.lanes else b""
        for session, feed in self._fed.values():
            if session.kind is SessionKind.ALL and lanes:
                feed.push_frame(lanes)
            elif session.kind is SessionKind.LISTEN and session.group in packed:
                feed.push_frame(packed[session.group])

    def on_levels(self, message: Levels) -> None:
        """Tell lane readers how the lanes sound."""
        if readers := self._readers():
            told = _lane_levels(message)
            for _, feed in readers:
                feed.push_event(told)

    def tell_conduct(self, told: wire.Conduct, *, is_news: bool) -> None:
        """Tell lane readers what people do, if it `is_news`; those that are new in any case."""
        for session, feed in self._readers():
            if is_news or not session.knows_conduct:
                session.knows_conduct = True
                feed.push_event(told)

    def _readers(self) -> list[tuple[Session, Feed]]:
        return [(session, feed) for session, feed in self._fed.values() if session.kind is SessionKind.ALL]

    def lanes(self, space: Space) -> list[wire.OpenLane]:
        """The open microphone sessions, in the format for lane readers."""
        return [
            self._lane_info(person)
            for person in space.people.values()
            if person.lane is not None and person.lane not in self._read_out
        ]

    def tell_speakers(self, events: Collection[e.Event]) -> None:
        """Tell programs that speak when they are server-muted or unmuted, or when a recording closed their microphone.
        They could not notice otherwise.
        """
        if any(isinstance(event, e.RecordingStarted) for event in events):
            closed = {event.account_id for event in events if isinstance(event, e.MicChanged) and not event.open}
            self._tell(closed, wire.Recorded())
        for event in events:
            if isinstance(event, e.ServerMuted | e.ServerUnmuted):
                muted = isinstance(event, e.ServerMuted)
                self._tell({event.account_id}, wire.Muted() if muted else wire.Unmuted())

    def tell_lane_readers(self, space: Space, events: Iterable[e.Event]) -> None:
        """Tell lane readers of lanes that opened, closed or changed, and of new rules."""
        feeds = [feed for _, feed in self._readers()]
        for event in events:
            if (news := self._lane_news(space, event)) is not None:
                for feed in feeds:
                    feed.push_event(news)

    def tell_texts(self, texts: Iterable[wire.Text]) -> None:
        """Tell lane readers what is written."""
        readers = self._readers()
        for text in texts if readers else ():
            for _, feed in readers:
                feed.push_event(text)

    def _tell(self, whom: Collection[str], news: wire.LaneEvent) -> None:
        for session in self.sessions.values():
            if session.account_id in whom and session.kind is SessionKind.SPEAK and session.feed is not None:
                session.feed.push_event(news)

    def send(self, messages: Iterable[ToEngine]) -> None:
        """Send messages to the engine."""
        for message in messages:
            self._engine.send(message)

    def _lane_news(self, space: Space, event: e.Event) -> wire.LaneEvent | None:
        match event:
            case e.LaneOpened(account_id, lane) if account_id in self.unrecognised:
                self.unrecognised.discard(account_id)
                self._read_out.add(lane)
                return None
            case e.LaneClosed(_, lane, _) if lane in self._read_out:
                self._read_out.discard(lane)
                return None
            case e.RoleChanged(account_id) if space.people[account_id].lane in self._read_out:
                return None
            case e.LaneOpened(account_id):
                return wire.OpenedLane(lane=self._lane_info(space.people[account_id]))
            case e.LaneClosed(_, lane, _):
                return wire.ClosedLane(lane=lane)
            case e.RoleChanged(account_id) if space.people[account_id].lane is not None:
                return wire.ChangedLane(lane=self._lane_info(space.people[account_id]))
            case e.RulesSet(rules_hash):
                return wire.RulesChanged(hash=rules_hash)
            case _:
                return None

    def _lane_info(self, person: Member) -> wire.OpenLane:
        who = self._speakers.get(person.account_id, Person(person.account_id))
        return wire.OpenLane(
            lane=person.lane or 0,
            account_id=person.account_id,
            handle=f"@{who.handle}",
            role=person.role,
            kind=who.kind,
        )

    def tap(self, space: Space) -> None:
        """Tell the engine which outputs of the Space the control process needs."""
        if space.started_at is not None and not space.is_over:
            self._engine.send(effects.tap(space, self.sessions.values(), recorded=self.is_recorded))


def _lane_levels(message: Levels) -> wire.LaneLevels:
    quality = {lane: (clipped, noise) for lane, clipped, noise in message.quality}
    levels = list[wire.LaneLevel]()
    for lane, level, active in message.levels:
        clipped, noise = quality.get(lane, (0, None))
        levels.append(wire.LaneLevel(lane=lane, db=level, active=active, clipped=clipped, noise=noise))
    return wire.LaneLevels(tick=message.tick, levels=levels)


def _stays(space: Space, session: Session) -> bool:
    """Whether a session lasts until the audience has heard the end of the Space. So does the bot's where a rule redacts: it has not judged
    what was said last."""
    return session.hears_audience or (space.redacts and session.kind is SessionKind.ALL)
