"""Who speaks: invitations, raised hands, microphone sessions. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import measures, recording
from spacesctl.domain.checks import require_live, require_not_over
from spacesctl.domain.errors import Invalid, NotAllowed, Refused
from spacesctl.domain.permissions import Action, may, require, require_admittance
from spacesctl.domain.principals import Person, Principal
from spacesctl.domain.sanctioning import lifted
from spacesctl.domain.space import MAX_COHOSTS, MAX_HAND_NOTE, MAX_HAND_TOPIC, MAX_LANE, MAX_SPEAKERS, Invite, Space
from spacesctl.domain.undo import takes_over
from spacesctl.domain.words import InviteState, Kind, Policy, Role

Events = list[e.Event]


def invite(space: Space, command: c.SendInvites, now: datetime) -> Events:
    """Invite accounts to speak or to co-host. Raises NotAllowed, Invalid, Gone, or Refused with reason `blocked`,
    `barred`, `suspended`, `bot` or `is_host`.
    """
    require(space, command.by, Action.INVITE)
    require_not_over(space)
    if command.role not in (Role.SPEAKER, Role.COHOST):
        raise Invalid("role", "is speaker or cohost")
    if command.role is Role.COHOST and command.by.account_id != space.host_id:
        raise NotAllowed("only the host invites co-hosts", reason=Action.INVITE.value)
    sent: Events = []
    for person in command.people:
        if person.blocked:
            raise Refused("blocked", f"there is a block between @{person.handle} and the hosts, or you")
        if person.account_id in space.barred:
            raise Refused("barred", f"@{person.handle} was removed from this Space")
        if person.suspended:
            raise Refused("suspended", f"@{person.handle} is suspended and cannot be invited")
        if person.kind is Kind.BOT:
            raise Refused("bot", f"@{person.handle} is a bot: bots listen, and do not speak")
        if person.account_id == space.host_id:
            raise Refused("is_host", f"@{person.handle} is the host")
        before = space.invites.get(person.account_id)
        if before is not None and before.role is command.role and before.state is InviteState.PENDING:
            continue
        by = command.by.account_id or ""
        sent.append(e.Invited(Invite(person.account_id, command.role, InviteState.PENDING, by), command.message))
    return sent


def answer_invite(space: Space, command: c.AnswerInvite, now: datetime) -> Events:
    """Accept or decline the caller's invitation; accepting gives the role. Raises NotSignedIn, NotAllowed, Gone, or
    Refused when all places are taken, or with reason `held` who would become a co-host while who comes is muted: co-hosts are not.
    """
    require_admittance(space, command.by, blocked=command.blocked)
    if command.by.account_id is not None and not may(space, command.by, Action.ANSWER_INVITE):
        raise NotAllowed("you have no invitation to this Space", reason=Action.ANSWER_INVITE.value)
    require(space, command.by, Action.ANSWER_INVITE)
    require_not_over(space)
    me = command.by.account_id or ""
    invite = space.invites[me]
    if invite.state is InviteState.ACCEPTED:
        if command.accept:
            return []
        raise Refused("accepted", "you accepted the invitation", hint="`demote` yourself to step down")
    if invite.state is InviteState.DECLINED:
        if not command.accept:
            return []
        raise Refused("declined", "you declined the invitation", hint="ask for another one")
    if not command.accept:
        return [e.InviteAnswered(me, InviteState.DECLINED)]
    if invite.role is Role.COHOST:
        _require_no_hold(space, now)
    return [e.InviteAnswered(me, InviteState.ACCEPTED), *_take_role(space, me, invite.role, now)]


def revoke_invites(space: Space, command: c.RevokeInvites, now: datetime) -> Events:
    """Take back invitations that have not been answered. (People who accepted can be demoted or kicked.) Raises
    NotAllowed, Gone, or Refused with reason `no_invite`.
    """
    require(space, command.by, Action.INVITE)
    require_not_over(space)
    revoked: Events = []
    for person in command.people:
        invite = space.invites.get(person.account_id)
        if invite is None or invite.state not in (InviteState.PENDING, InviteState.REVOKED):
            raise Refused("no_invite", f"@{person.handle} has no open invitation")
        if invite.state is InviteState.PENDING:
            revoked.append(e.InviteAnswered(person.account_id, InviteState.REVOKED))
    return revoked


def promote(space: Space, command: c.Promote, now: datetime) -> Events:
    """Make a speaker a co-host. Raises NotAllowed, Gone, or Refused with reason `not_on_stage` or `cohosts_full`."""
    require(space, command.by, Action.PROMOTE)
    require_not_over(space)
    if space.role_of(command.person.account_id) is Role.LISTENER:
        raise Refused("not_on_stage", f"@{command.person.handle} does not speak here")
    return _take_role(space, command.person.account_id, Role.COHOST, now)


def hand_over(space: Space, command: c.HandOver, now: datetime) -> Events:
    """Make a co-host the host. Raises NotAllowed, Gone, or Refused with reason `not_cohost`."""
    require(space, command.by, Action.HAND_OVER)
    require_not_over(space)
    if space.role_of(command.person.account_id) is not Role.COHOST:
        raise Refused("not_cohost", f"@{command.person.handle} is not a co-host", hint="promote them first")
    return takes_over(space, command.person.account_id, "handed_over")


def raise_hand(space: Space, command: c.RaiseHand, now: datetime) -> Events:
    """Ask to speak; the caller becomes a speaker at once if the policy admits them. Raises NotSignedIn, NotAllowed,
    Gone, or Refused.
    """
    require_admittance(space, command.by, blocked=command.blocked)
    require(space, command.by, Action.RAISE)
    require_live(space)
    _require_voice(command.by, Action.RAISE)
    me = command.by.account_id or ""
    if space.role_of(me) is not Role.LISTENER:
        raise Refused("speaks_already", "you may speak already")
    if _admits_by_policy(space, me, followed=command.followed):
        return _take_role(space, me, Role.SPEAKER, now)
    hand = command.hand
    if len(hand.topic) > MAX_HAND_TOPIC or len(hand.note) > MAX_HAND_NOTE:
        raise Invalid("topic, note", f"have at most {MAX_HAND_TOPIC} and {MAX_HAND_NOTE} characters")
    return [] if space.hands.get(me) == hand else [e.HandRaised(me, hand.topic, hand.note, hand.voice)]


def lower_hand(space: Space, command: c.LowerHand, now: datetime) -> Events:
    """Withdraw the caller's request to speak, if there is one."""
    me = command.by.account_id or ""
    return [e.HandLowered(me, "withdrawn")] if me in space.hands else []


def answer_hand(space: Space, command: c.AnswerHand, now: datetime) -> Events:
    """Approve or deny a request to speak. Raises NotAllowed, Gone, or Refused with reason `not_live`, `no_request`,
    `blocked` or `stage_full`.
    """
    require(space, command.by, Action.ANSWER_HAND)
    require_live(space)
    person = command.person
    if person.account_id not in space.hands:
        raise Refused("no_request", f"@{person.handle} has not asked to speak")
    if not command.approve:
        return [e.HandLowered(person.account_id, "denied")]
    if person.blocked:
        raise Refused("blocked", f"there is a block between the host and @{person.handle}")
    return [e.HandLowered(person.account_id, "approved"), *_take_role(space, person.account_id, Role.SPEAKER, now)]


def open_mic(space: Space, command: c.OpenMic, now: datetime) -> Events:
    """Begin a microphone session on a new lane, in place of the caller's earlier one. It starts closed under a server
    mute. Raises NotSignedIn, NotAllowed, Gone, or Refused.
    """
    require_admittance(space, command.by, blocked=command.blocked)
    require(space, command.by, Action.OPEN_MIC)
    require_live(space)
    _require_voice(command.by, Action.OPEN_MIC)
    me = command.by.account_id or ""
    events: Events = []
    if space.role_of(me) is Role.LISTENER:
        if not _admits_by_policy(space, me, followed=command.followed):
            raise NotAllowed("you may not speak here yet; ask with a raised hand", reason="policy")
        if me in space.hands:
            events.append(e.HandLowered(me, "approved"))
        events += _take_role(space, me, Role.SPEAKER, now)
    before = space.people.get(me)
    if before is not None and before.lane is not None:
        events.append(e.LaneClosed(me, before.lane, "replaced"))
    if space.next_lane > MAX_LANE:
        raise Refused(
            "lanes_used_up", "this Space has had as many microphone sessions as it can number; start a new one"
        )
    muted = (before is not None and before.server_muted) or any(isinstance(one, e.ServerMuted) for one in events)
    opens = command.mic_open and not muted
    if opens:
        events += recording.consent(space, me, given=command.consent)
    events.append(e.LaneOpened(me, space.next_lane, opens))
    return events


def set_mic(space: Space, command: c.SetMic, now: datetime) -> Events:
    """Open or close the caller's microphone. Raises NotSignedIn, NotAllowed, Gone, or Refused with reason `not_live`,
    `no_microphone`, `muted` or `consent`.
    """
    require_admittance(space, command.by, blocked=False)
    require(space, command.by, Action.SET_MIC)
    require_live(space)
    me = command.by.account_id or ""
    person = space.people[me]
    if person.lane is None:
        raise Refused("no_microphone", "there is no microphone session; connect one first")
    if command.open and person.server_muted:
        raise Refused("muted", "you are muted here", hint="the host or a co-host can unmute you")
    if person.mic_open == command.open:
        return []
    agreed = recording.consent(space, me, given=command.consent) if command.open else []
    return [*agreed, e.MicChanged(me, command.open)]


def _require_no_hold(space: Space, now: datetime) -> None:
    """Check that the staff holds nobody back. Raises Refused with reason `held`."""
    if space.held_until is not None and now < space.held_until:
        raise Refused("held", "nobody new can speak at the moment", hint="the host lets people speak again soon")


def close_mic(space: Space, command: c.CloseMic, now: datetime) -> Events:
    """End the microphone session on a lane; no event when that lane is closed already."""
    require(space, command.by, Action.CLOSE_MIC)
    for person in space.people.values():
        if person.lane == command.lane:
            return [e.LaneClosed(person.account_id, command.lane, command.reason)]
    return []


def _require_voice(by: Principal, action: Action) -> None:
    """A bot joins as a listener. Raises NotAllowed."""
    if isinstance(by, Person) and by.kind is Kind.BOT:
        raise NotAllowed("bots listen, and do not speak", reason=action.value)


def _admits_by_policy(space: Space, account_id: str, *, followed: bool) -> bool:
    person = space.people.get(account_id)
    if (person is not None and person.demoted) or space.measure("demote") is not None:
        return False
    return space.policy is Policy.EVERYONE or (space.policy is Policy.FOLLOWING and followed)


def _take_role(space: Space, account_id: str, role: Role, now: datetime) -> Events:
    """The role, unless they have it, and what measures say of who comes on stage."""
    if space.role_of(account_id).rank >= role.rank:
        return []
    if role is Role.SPEAKER and len(space.with_role(Role.SPEAKER)) >= MAX_SPEAKERS:
        raise Refused("stage_full", f"the stage is full: {MAX_SPEAKERS} speakers", hint="demote somebody first")
    if role is Role.COHOST and len(space.with_role(Role.COHOST)) >= MAX_COHOSTS:
        raise Refused("cohosts_full", f"there are {MAX_COHOSTS} co-hosts already")
    ended = [lifted(one, "replaced") for one in space.sanctions_on(account_id, "demote")]
    comes = role is Role.SPEAKER
    return [e.RoleChanged(account_id, role), *ended, *(measures.arrival(space, account_id, now) if comes else [])]
