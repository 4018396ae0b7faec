"""`decide(space, command, now)`: the events that a command makes, or the error that refuses it. Pure.

A handler for each command stands in `_HANDLERS`; sanctions (mute, demote, kick, block, acts of rules) are in `sanctions.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import sanctions
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotSignedIn, Refused
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.space import (
    MAX_COHOSTS,
    MAX_LANE,
    MAX_SPEAKERS,
    MAX_TITLE,
    MAX_TOPICS,
    Invite,
    InviteState,
    Policy,
    Role,
    Space,
    State,
)

Events = list[e.Event]
_CLOCK_SKEW = timedelta(seconds=1)
"""A start time this little in the past is taken for now: the caller computed it a moment ago."""


def decide(space: Space | None, command: c.Command, now: datetime) -> Events:
    """Events in order, possibly none when there is nothing to change. Raises a SpacesError when refused."""
    if isinstance(command, c.Create):
        return _create(command, now)
    if space is None:
        raise TypeError("only Create needs no Space")
    return _HANDLERS[type(command)](space, command, now)


def _create(command: c.Create, now: datetime) -> Events:
    if command.caller.account_id is None:
        raise NotSignedIn
    title = " ".join(command.title.split())
    if not title or len(title) > MAX_TITLE:
        raise Invalid("title", f"must have 1 to {MAX_TITLE} characters")
    if len(command.topics) > MAX_TOPICS:
        raise Invalid("topics", f"at most {MAX_TOPICS}")
    if command.scheduled_start is not None and command.scheduled_start < now - _CLOCK_SKEW:
        raise Invalid("scheduled_start", "is in the past")
    created = e.SpaceCreated(
        command.id, title, command.caller.account_id, now, command.policy, command.listeners, command.captions,
        command.topics, command.lang, command.scheduled_start,
    )  # fmt: skip
    return [created]


def _start(space: Space, command: c.Start, now: datetime) -> Events:
    if not command.by_clock:
        require(space, command.caller, Action.START)
    _not_over(space)
    if space.state is State.LIVE:
        raise Refused("live", "the Space is live already")
    return [e.SpaceStarted(now)]


def _end(space: Space, command: c.End, now: datetime) -> Events:
    require(space, command.caller, Action.END)
    _live(space)
    return [*sanctions.close_all_lanes(space, "ended"), e.SpaceEnded(now)]


def _change_policy(space: Space, command: c.ChangePolicy, now: datetime) -> Events:
    require(space, command.caller, Action.POLICY)
    _not_over(space)
    return [] if command.policy is space.policy else [e.PolicyChanged(command.policy)]


def _switch_captions(space: Space, command: c.SwitchCaptions, now: datetime) -> Events:
    require(space, command.caller, Action.CAPTIONS)
    _not_over(space)
    return [] if command.on == space.captions else [e.CaptionsSwitched(command.on)]


def _set_rules(space: Space, command: c.SetRules, now: datetime) -> Events:
    require(space, command.caller, Action.RULES)
    _not_over(space)
    if command.rules_hash == space.rules_hash:
        return []
    grant = None
    if command.rules_hash is not None:
        grant = sanctions.grant(command.bot_id, space.host_id, command.actions)
    return [e.RulesSet(command.rules_hash, grant)]


def _invite(space: Space, command: c.SendInvites, now: datetime) -> Events:
    require(space, command.caller, Action.INVITE)
    _not_over(space)
    if command.role not in (Role.SPEAKER, Role.COHOST):
        raise Invalid("role", "is speaker or cohost")
    if command.role is Role.COHOST and command.caller.account_id != space.host_id:
        raise NotAllowed("only the host invites co-hosts", reason=Action.INVITE.value)
    sent: Events = []
    for person in command.people:
        if person.blocked:
            raise Refused("blocked", f"there is a block between the host and @{person.handle}")
        if person.account_id in space.barred:
            raise Refused("barred", f"@{person.handle} was removed from this Space")
        if person.account_id == space.host_id:
            raise Refused("is_host", f"@{person.handle} is the host")
        before = space.invites.get(person.account_id)
        if before is not None and before.role is command.role and before.state is InviteState.PENDING:
            continue
        by = command.caller.account_id or ""
        sent.append(e.Invited(Invite(person.account_id, command.role, InviteState.PENDING, by)))
    return sent


def _answer_invite(space: Space, command: c.AnswerInvite, now: datetime) -> Events:
    require_admittance(space, command.caller, blocked=command.blocked)
    require(space, command.caller, Action.ANSWER_INVITE)
    _not_over(space)
    me = command.caller.account_id or ""
    invite = space.invites[me]
    if not command.accept:
        return [] if invite.state is InviteState.DECLINED else [e.InviteAnswered(me, InviteState.DECLINED)]
    events: Events = [] if invite.state is InviteState.ACCEPTED else [e.InviteAnswered(me, InviteState.ACCEPTED)]
    if invite.state is InviteState.ACCEPTED:
        return events
    return events + _take_role(space, me, invite.role)


def _raise_hand(space: Space, command: c.RaiseHand, now: datetime) -> Events:
    require_admittance(space, command.caller, blocked=command.blocked)
    require(space, command.caller, Action.RAISE)
    _live(space)
    me = command.caller.account_id or ""
    if space.role_of(me) is not Role.LISTENER:
        raise Refused("speaks_already", "you may speak already")
    if _admits_by_policy(space, me, followed=command.followed):
        return _take_role(space, me, Role.SPEAKER)
    return [] if me in space.hands else [e.HandRaised(me)]


def _lower_hand(space: Space, command: c.LowerHand, now: datetime) -> Events:
    me = command.caller.account_id or ""
    return [e.HandLowered(me, "withdrawn")] if me in space.hands else []


def _answer_hand(space: Space, command: c.AnswerHand, now: datetime) -> Events:
    require(space, command.caller, Action.ANSWER_HAND)
    _live(space)
    person = command.person
    if person.account_id not in space.hands:
        raise Refused("no_request", f"@{person.handle} has not asked to speak")
    if not command.approve:
        return [e.HandLowered(person.account_id, "denied")]
    if person.blocked:
        raise Refused("blocked", f"there is a block between the host and @{person.handle}")
    return [e.HandLowered(person.account_id, "approved"), *_take_role(space, person.account_id, Role.SPEAKER)]


def _open_mic(space: Space, command: c.OpenMic, now: datetime) -> Events:
    require_admittance(space, command.caller, blocked=command.blocked)
    require(space, command.caller, Action.OPEN_MIC)
    _live(space)
    me = command.caller.account_id or ""
    events: Events = []
    if space.role_of(me) is Role.LISTENER:
        if not _admits_by_policy(space, me, followed=command.followed):
            raise NotAllowed("you may not speak here yet; ask with a raised hand", reason="policy")
        if me in space.hands:
            events.append(e.HandLowered(me, "approved"))
        events += _take_role(space, me, Role.SPEAKER)
    before = space.people.get(me)
    if before is not None and before.lane is not None:
        events.append(e.LaneClosed(me, before.lane, "replaced"))
    if space.next_lane > MAX_LANE:
        raise Refused(
            "lanes_used_up", "this Space has had as many microphone sessions as it can number; start a new one"
        )
    gagged = before is not None and before.gagged
    events.append(e.LaneOpened(me, space.next_lane, command.mic_open and not gagged))
    return events


def _set_mic(space: Space, command: c.SetMic, now: datetime) -> Events:
    require_admittance(space, command.caller, blocked=False)
    require(space, command.caller, Action.SET_MIC)
    _live(space)
    me = command.caller.account_id or ""
    person = space.people[me]
    if person.lane is None:
        raise Refused("no_microphone", "there is no microphone session; connect one first")
    if command.open and person.gagged:
        raise Refused("muted", "you are muted here", hint="host or co-host can lift that")
    return [] if person.mic_open == command.open else [e.MicChanged(me, command.open)]


def _close_mic(space: Space, command: c.CloseMic, now: datetime) -> Events:
    for person in space.people.values():
        if person.lane == command.lane:
            return [e.LaneClosed(person.account_id, command.lane, command.reason)]
    return []


def _add_caption(space: Space, command: c.AddCaption, now: datetime) -> Events:
    require(space, command.caller, Action.POST_CAPTIONS)
    _live(space)
    if not space.captions:
        return []
    caption = e.CaptionSpoken(
        account_id=command.account_id,
        speaker=command.speaker,
        lane=command.lane,
        utterance=command.utterance,
        text=command.text,
        start_tick=command.start_tick,
        end_tick=command.end_tick,
        words=command.words,
    )
    return [caption]


def _file_report(space: Space, command: c.FileReport, now: datetime) -> Events:
    require(space, command.caller, Action.REPORT)
    return [e.ReportFiled(command.report_id, command.category, command.account_id)]


def _admits_by_policy(space: Space, account_id: str, *, followed: bool) -> bool:
    person = space.people.get(account_id)
    if person is not None and person.demoted:
        return False
    return space.policy is Policy.EVERYONE or (space.policy is Policy.FOLLOWING and followed)


def _take_role(space: Space, account_id: str, role: Role) -> Events:
    if space.role_of(account_id).rank >= role.rank:
        return []
    if role is Role.SPEAKER and len(space.with_role(Role.SPEAKER)) >= MAX_SPEAKERS:
        raise Refused("stage_full", f"the stage is full: {MAX_SPEAKERS} speakers", hint="demote somebody first")
    if role is Role.COHOST and len(space.with_role(Role.COHOST)) >= MAX_COHOSTS:
        raise Refused("cohosts_full", f"there are {MAX_COHOSTS} co-hosts already")
    return [e.RoleChanged(account_id, role)]


def _live(space: Space) -> None:
    _not_over(space)
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet", hint="start it first")


def _not_over(space: Space) -> None:
    if space.is_over:
        raise Gone("Space", space.id, space.state.value)


_HANDLERS: dict[type[c.Command], Callable[[Space, Any, datetime], Events]] = {
    c.Start: _start,
    c.End: _end,
    c.ChangePolicy: _change_policy,
    c.SwitchCaptions: _switch_captions,
    c.SetRules: _set_rules,
    c.SendInvites: _invite,
    c.AnswerInvite: _answer_invite,
    c.RaiseHand: _raise_hand,
    c.LowerHand: _lower_hand,
    c.AnswerHand: _answer_hand,
    c.Mute: sanctions.mute,
    c.Unmute: sanctions.unmute,
    c.Demote: sanctions.demote,
    c.Kick: sanctions.kick,
    c.RemoveBlocked: sanctions.remove_blocked,
    c.TakeAct: sanctions.take_act,
    c.OpenMic: _open_mic,
    c.SetMic: _set_mic,
    c.CloseMic: _close_mic,
    c.AddCaption: _add_caption,
    c.FileReport: _file_report,
}
