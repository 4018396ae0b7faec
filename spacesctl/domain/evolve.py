"""`evolve(space, event)`: the Space after an event. Pure and total: a stored event always applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from spacesctl.domain import events as e
from spacesctl.domain import ladders, offences, suggested
from spacesctl.domain.space import MAX_CAPTIONED, Away, Erasure, Hand, Invite, Member, Space
from spacesctl.domain.words import InviteState, Role, State

_REVISIONS = (e.SpaceEdited, e.SpaceCanceled, e.SpaceMissed, e.HostChanged)


def evolve(space: Space | None, event: e.Event, now: datetime) -> Space:
    """Return the state after the event. The sequence number rises by one with each event."""
    if isinstance(event, e.SpaceCreated):
        return _created(event)
    if space is None:
        raise TypeError("the first event of a Space is SpaceCreated")
    change, timed = _CHANGES.get(type(event)), _TIMED.get(type(event))
    changed = change(space, event) if change else timed(space, event, now) if timed else space
    if isinstance(event, _REVISIONS):
        changed = replace(changed, revision=space.revision + 1, revised_at=now)
    return replace(changed, seq=space.seq + 1, updated_at=now)


def evolve_all(space: Space | None, events: Iterable[e.Event], now: datetime) -> Space | None:
    """Apply events in order; `space` None means that the first is SpaceCreated."""
    for event in events:
        space = evolve(space, event, now)
    return space


def _created(event: e.SpaceCreated) -> Space:
    return Space(
        id=event.id,
        title=event.title,
        state=State.SCHEDULED,
        creator_id=event.host_id,
        host_id=event.host_id,
        created_at=event.at,
        updated_at=event.at,
        policy=event.policy,
        listeners=event.listeners,
        captions=event.captions,
        topics=event.topics,
        lang=event.lang,
        scheduled_start=event.scheduled_start,
        duration=event.duration,
        series_id=event.series_id,
        recording_mode=event.record,
        delay_set=event.delay,
        seq=1,
        people={event.host_id: Member(event.host_id, Role.HOST)},
    )


def _person(space: Space, account_id: str, **changes: Any) -> Space:
    before = space.people.get(account_id, Member(account_id, Role.LISTENER))
    return replace(space, people={**space.people, account_id: replace(before, **changes)})


def _edited(space: Space, event: e.SpaceEdited) -> Space:
    moved = event.scheduled_start != space.scheduled_start
    return replace(
        space,
        reminded=() if moved else space.reminded,  # for the new time they are sent anew
        title=event.title,
        topics=event.topics,
        lang=event.lang,
        listeners=event.listeners,
        scheduled_start=event.scheduled_start,
        duration=event.duration,
        recording_mode=event.record,
    )


def _invited(space: Space, event: e.Invited) -> Space:
    return replace(space, invites={**space.invites, event.invite.account_id: event.invite})


def _invite_answered(space: Space, event: e.InviteAnswered) -> Space:
    invite = replace(space.invites[event.account_id], state=event.state)
    return replace(space, invites={**space.invites, event.account_id: invite})


def _hand_raised(space: Space, event: e.HandRaised) -> Space:
    hand = Hand(event.topic, event.note, event.voice)
    return replace(space, hands={**space.hands, event.account_id: hand})  # raised again, it keeps its place


def _hand_lowered(space: Space, event: e.HandLowered) -> Space:
    return replace(space, hands={one: hand for one, hand in space.hands.items() if one != event.account_id})


def _role_changed(space: Space, event: e.RoleChanged) -> Space:
    closed = {"mic_open": False} if event.role is Role.LISTENER else {}
    changed = _person(space, event.account_id, role=event.role, demoted=event.demoted, role_seq=space.seq + 1, **closed)
    loses_the_seat = event.account_id == space.former_host and event.role is not Role.COHOST
    return replace(changed, former_host=None) if loses_the_seat else changed


def _host_changed(space: Space, event: e.HostChanged) -> Space:
    stepped = _person(space, event.before, role=Role.COHOST, role_seq=space.seq + 1)
    former = (space.former_host or event.before) if event.reason == "host_gone" else None
    known = dict.fromkeys((*space.hosted_before, event.before))
    hosted = replace(stepped, host_id=event.account_id, away=None, former_host=former, hosted_before=tuple(known))
    return _person(hosted, event.account_id, role=Role.HOST)


def _host_left(space: Space, event: e.HostLeft) -> Space:
    until = event.ends_at if space.away is None else space.away.until
    return replace(space, away=Away(until, event.ends_at))


def _lane_opened(space: Space, event: e.LaneOpened) -> Space:
    spoke = space.spoke if event.account_id in space.spoke else (*space.spoke, event.account_id)
    changed = _person(space, event.account_id, lane=event.lane, mic_open=event.mic_open)
    return replace(changed, next_lane=max(space.next_lane, event.lane + 1), spoke=spoke)


def _lane_closed(space: Space, event: e.LaneClosed) -> Space:
    person = space.people.get(event.account_id)
    if person is None or person.lane != event.lane:
        return space
    return _person(space, event.account_id, lane=None, mic_open=False)


def _removed(space: Space, event: e.Removed) -> Space:
    invites: dict[str, Invite] = dict(space.invites)
    if event.account_id in invites:
        invites[event.account_id] = replace(invites[event.account_id], state=InviteState.REVOKED)
    barred = {**space.barred, event.account_id: event.reason} if event.barred else space.barred
    return replace(space, invites=invites, barred=barred)


def _imposed(space: Space, event: e.SanctionImposed) -> Space:
    sanctions = {**space.sanctions, event.sanction.id: event.sanction}
    return replace(space, sanctions=sanctions, sanction_count=space.sanction_count + 1)


def _lifted(space: Space, event: e.SanctionLifted) -> Space:
    space = ladders.taken_back(space, event)
    return replace(space, sanctions={key: one for key, one in space.sanctions.items() if key != event.sanction_id})


def _readmitted(space: Space, event: e.Readmitted) -> Space:
    erased = dict(space.erased)
    if event.account_id in erased:  # what they say from now on is read
        erased[event.account_id] = replace(erased[event.account_id], last=space.seq + 1)
    barred = {one: why for one, why in space.barred.items() if one != event.account_id}
    return replace(space, barred=barred, erased=erased)


def _captioned(space: Space, event: e.CaptionSpoken) -> Space:
    if event.typed:
        return replace(space, text_tick=event.end_tick)
    others = [(lane, last) for lane, last in space.captioned.items() if lane != event.lane]
    return replace(space, captioned=dict([*others[-(MAX_CAPTIONED - 1) :], (event.lane, event.utterance)]))


def _pinned(space: Space, event: e.Pinned) -> Space:
    return replace(space, pinned=(event.pin, *(pin for pin in space.pinned if pin.ref != event.pin.ref)))


def _redacted(space: Space, event: e.RedactionMade) -> Space:
    made = event.redaction
    pending = {
        key: one
        for key, one in space.redactions.items()
        if one.last > event.aired and not (made.cut and made.first <= one.first and one.last <= made.last)
    }
    return replace(space, redactions={**pending, made.id: made}, redaction_count=space.redaction_count + 1)


def _redaction_changed(space: Space, event: e.RedactionChanged) -> Space:
    found = space.redactions.get(event.redaction_id)
    if found is None:
        return space
    reason = found.reason if event.reason is None else event.reason
    changed = replace(
        found, first=event.first, last=event.last, mode=event.mode, missed_to=event.missed_to, reason=reason
    )
    return replace(space, redactions={**space.redactions, found.id: changed})


def _redaction_missed(space: Space, event: e.RedactionMissed) -> Space:
    found = space.redactions.get(event.redaction_id)
    if found is None:
        return space
    return replace(space, redactions={**space.redactions, found.id: replace(found, missed_to=event.missed_to)})


_CHANGES: dict[type[e.Event], Callable[[Space, Any], Space]] = {
    e.SpaceStarted: lambda space, event: replace(space, state=State.LIVE, started_at=event.at),
    e.SpaceEnded: lambda space, event: replace(
        space,
        state=State.ENDED,
        ended_at=event.at,
        hands={},
        away=None,
        sanctions={},
        suggestions={},
        held_until=None,
        inside=frozenset(),
    ),
    e.SpaceCanceled: lambda space, event: replace(space, state=State.CANCELED),
    e.SpaceMissed: lambda space, event: replace(space, state=State.CANCELED),
    e.RemindersSent: lambda space, event: replace(space, reminded=(*space.reminded, event.kind)),
    e.SpaceEdited: _edited,
    e.PolicyChanged: lambda space, event: replace(space, policy=event.policy),
    e.CaptionsSwitched: lambda space, event: replace(space, captions=event.on),
    e.RulesSet: lambda space, event: replace(space, rules_hash=event.rules_hash, grant=event.grant),
    e.Invited: _invited,
    e.InviteAnswered: _invite_answered,
    e.HandRaised: _hand_raised,
    e.HandLowered: _hand_lowered,
    e.RoleChanged: _role_changed,
    e.HostChanged: _host_changed,
    e.HostAway: lambda space, event: replace(space, away=Away(event.until)),
    e.HostBack: lambda space, event: replace(space, away=None),
    e.HostLeft: _host_left,
    e.LaneOpened: _lane_opened,
    e.LaneClosed: _lane_closed,
    e.MicChanged: lambda space, event: _person(space, event.account_id, mic_open=event.open),
    e.ServerMuted: lambda space, event: _person(space, event.account_id, server_muted=True, mic_open=False),
    e.ServerUnmuted: lambda space, event: _person(space, event.account_id, server_muted=False),
    e.Removed: _removed,
    e.Readmitted: _readmitted,
    e.Erased: lambda space, event: replace(
        space, erased={**space.erased, event.account_id: Erasure(tuple(event.pins))}
    ),
    e.Restored: lambda space, event: replace(
        space, erased={one: pins for one, pins in space.erased.items() if one != event.account_id}
    ),
    e.SanctionImposed: _imposed,
    e.SanctionLifted: _lifted,
    e.AppealDecided: ladders.reversed_by,
    e.OffenceCounted: offences.counted,
    e.SuggestionMade: suggested.made,
    e.SuggestionEnded: suggested.ended,
    e.CaptionSpoken: _captioned,
    e.ChatChanged: lambda space, event: replace(
        space, chat=event.chat, chat_every=event.every, typed_aloud=event.aloud
    ),
    e.ChatSaid: lambda space, event: replace(space, text_tick=event.tick),
    e.Pinned: _pinned,
    e.RecordingStarted: lambda space, event: replace(
        space, recording=event.recording, recording_count=space.recording_count + 1
    ),
    e.RecordingStopped: lambda space, event: replace(space, recording=None),
    e.Consented: lambda space, event: replace(space, consents=space.consents | {event.account_id}),
    e.DelayChanged: lambda space, event: replace(space, delay_set=event.delay),
    e.RedactionMade: _redacted,
    e.RedactionChanged: _redaction_changed,
    e.RedactionWithdrawn: lambda space, event: replace(
        space, redactions={key: one for key, one in space.redactions.items() if key != event.redaction_id}
    ),
    e.RedactionMissed: _redaction_missed,
    e.MeasureBegan: lambda space, event: (
        replace(space, inside=frozenset(event.inside)) if event.action == "lock" else space
    ),
    e.MeasureEnded: lambda space, event: replace(space, inside=frozenset()) if event.action == "lock" else space,
    e.HoldBegan: lambda space, event: replace(
        space, held_until=event.until, held_by=event.by, held_mutes=tuple(event.mutes)
    ),
    e.HoldEnded: lambda space, event: replace(space, held_until=None, held_by=None, held_mutes=()),
    e.Unpinned: lambda space, event: replace(space, pinned=tuple(p for p in space.pinned if p.id != event.pin_id)),
}
_TIMED: dict[type[e.Event], Callable[[Space, Any, datetime], Space]] = {
    e.ActTaken: offences.acted,
    e.BreakerTripped: offences.tripped,
    e.PointsGiven: ladders.kept,
}
"""Changes in which it matters when the event was."""
