"""The engine messages that follow from events. Pure: events in, messages out, in order."""

from __future__ import annotations

from collections.abc import Iterable

from spacesctl.domain import events as e
from spacesctl.domain.space import Space
from spacesctl.engine.messages import (
    CloseLane,
    CloseSpace,
    MovePeer,
    OpenLane,
    Output,
    RemovePeer,
    SetLaneOpen,
    SubscribeOutputs,
    ToEngine,
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
            case e.SpaceEnded():
                messages.append(CloseSpace(after.id))
            case _:
                pass
    return messages


def move_sessions(after: Space, sessions: Iterable[Session]) -> list[ToEngine]:
    """Move listening sessions to the mix that the state now gives them. Returns messages for the WebRTC peers that moved."""
    messages: list[ToEngine] = []
    for session in sessions:
        if session.kind not in (SessionKind.WHEP, SessionKind.LISTEN):
            continue
        group = group_of(after, session.account_id)
        if group != session.group:
            session.group = group
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


def tap(space: Space, sessions: Iterable[Session]) -> SubscribeOutputs:
    """The outputs that WebSocket and HTTP listeners of this Space, and its recording, need."""
    recorded = set() if space.recording is None else {Output.AUDIENCE}
    return SubscribeOutputs(space.id, sorted(recorded | {s.group for s in sessions if s.kind.is_tapped}))
