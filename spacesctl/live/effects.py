"""The engine messages that follow from events. Pure: events in, messages out, in order."""

from __future__ import annotations

from collections.abc import Iterable

from spacesctl.api.lanes import Moved
from spacesctl.domain import events as e
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.redaction import TEXT_LANE, Redaction
from spacesctl.domain.space import Space
from spacesctl.engine.messages import (
    CloseLane,
    MovePeer,
    OpenLane,
    Output,
    Redact,
    RemovePeer,
    SetDelay,
    SetLaneOpen,
    SubscribeOutputs,
    ToEngine,
    Unredact,
)
from spacesctl.live.sessions import Session, SessionKind, group_of


def lane_messages(after: Space, events: Iterable[e.Event]) -> list[ToEngine]:
    """Messages for lanes that opened or closed, and for gates. A gate depends on the state after the events only."""
    messages: list[ToEngine] = []
    for event in events:
        match event:
            case e.LaneOpened(account_id, lane, _):
                messages.append(OpenLane(after.id, lane, after.people[account_id].heard))
            case e.LaneClosed(_, lane, _):
                messages.append(CloseLane(after.id, lane))
            case (
                e.MicChanged(account_id=account_id)
                | e.ServerMuted(account_id=account_id)
                | e.ServerUnmuted(account_id=account_id)
            ):
                person = after.people[account_id]
                if person.lane is not None:
                    messages.append(SetLaneOpen(after.id, person.lane, person.heard))
            case e.DelayChanged(_, now):
                messages.append(SetDelay(after.id, ticks(after.delay), now))
            case e.RulesSet():
                messages.append(SetDelay(after.id, ticks(after.delay)))
            case e.RedactionMade(redaction) if redaction.lane != TEXT_LANE:
                messages.append(redact_message(after.id, redaction))
            case e.RedactionChanged(redaction_id) if redaction_id in after.redactions:
                if (found := after.redactions[redaction_id]).lane != TEXT_LANE:
                    messages.append(redact_message(after.id, found))
            case e.RedactionWithdrawn(redaction_id):
                messages.append(Unredact(after.id, redaction_id))
            case _:
                pass
    return messages


def pending(space: Space) -> list[Redact]:
    """The redactions of a Space that may not have aired, for a new engine: they may reach into what is said next."""
    return [redact_message(space.id, one) for one in space.redactions.values() if _is_heard(one)]


def _is_heard(one: Redaction) -> bool:
    """Whether it silences something that may still be said; a text has no sound."""
    return not one.cut and one.lane != TEXT_LANE


def redact_message(space_id: str, one: Redaction) -> Redact:
    """What the engine is told of a redaction."""
    return Redact(space_id, one.id, one.lane, one.first, one.last, one.mode, one.cut)


def ticks(seconds: float) -> int:
    """A delay in ticks."""
    return round(seconds * TICKS_PER_SECOND)


def move_sessions(after: Space, sessions: Iterable[Session], behind: float = 0.0) -> list[ToEngine]:
    """Move listening sessions to the mix that the state now gives them; programs are told when they hear it `behind` seconds later or
    earlier than before. Returns messages for the WebRTC peers that moved."""
    messages: list[ToEngine] = []
    for session in sessions:
        if session.kind not in (SessionKind.WHEP, SessionKind.LISTEN):
            continue
        group = group_of(after, session.account_id)
        if group != session.group:
            jumps = behind and Output.AUDIENCE in (group, session.group)
            session.group = group
            if jumps and session.feed is not None:
                session.feed.push_event(Moved(behind=behind if group == Output.AUDIENCE else 0.0))
            if session.kind is SessionKind.WHEP:
                messages.append(MovePeer(session.id, group))
    return messages


def end_sessions(sessions: Iterable[Session], reason: str) -> list[ToEngine]:
    """Close sessions: WebSockets and HTTP listeners through their feeds, WebRTC peers by engine messages, which are returned."""
    messages: list[ToEngine] = []
    for session in sessions:
        if session.feed is not None:
            session.feed.close(reason)
        if session.pages is not None:
            session.pages.close(reason)
        if session.kind.is_webrtc:
            messages.append(RemovePeer(session.id))
    return messages


def tap(space: Space, sessions: Iterable[Session], *, recorded: bool) -> SubscribeOutputs:
    """The outputs that WebSocket and HTTP listeners of this Space need and, when it is `recorded`, its recording."""
    heard = {Output.AUDIENCE} if recorded or space.recording is not None else set()
    return SubscribeOutputs(space.id, sorted(heard | {s.group for s in sessions if s.kind.is_tapped}))
