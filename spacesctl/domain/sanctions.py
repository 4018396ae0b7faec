"""Warn, mute, demote, kick and block. Pure, like all of `decide`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import erasing, redactions
from spacesctl.domain import events as e
from spacesctl.domain.actions import ALWAYS_GRANTED
from spacesctl.domain.checks import require_live, require_not_over
from spacesctl.domain.errors import NotAllowed, Refused
from spacesctl.domain.permissions import Action, require_over
from spacesctl.domain.principals import Principal, Rule, described
from spacesctl.domain.sanctioning import Order, imposed, lifted
from spacesctl.domain.space import Grant, Member, Space
from spacesctl.domain.words import ChatPolicy, InviteState, Kind, Role

Events = list[e.Event]


def grant(host_id: str, rules: c.SetRules) -> Grant:
    """The grant of a rule file: its actions, and those that are always granted."""
    return Grant(rules.bot_id, host_id, rules.actions | ALWAYS_GRANTED, rules.with_numbers, rules.breaker)


def is_exempt(space: Space, person: c.Target) -> bool:
    """Whether rules may not mute, remove or block this person: hosts, co-hosts and bots."""
    return space.role_of(person.account_id).rank >= Role.COHOST.rank or person.kind is Kind.BOT


def has_a_say(space: Space, account_id: str) -> bool:
    """Whether a mute takes something from the account: it is on stage, or may write in the chat."""
    return space.role_of(account_id) is not Role.LISTENER or space.chat is ChatPolicy.EVERYONE


def warn(space: Space, command: c.Warn, now: datetime) -> Events:
    """Warn a person, in place of an earlier warning: it is on record, and takes nothing from them. Raises NotAllowed, Gone, or Refused with
    reason `is_you` or `not_live`.
    """
    target = command.person.account_id
    require_over(space, command.by, target, Action.WARN)
    require_live(space)
    if target == command.by.account_id:
        raise Refused("is_you", "you cannot warn yourself")
    return imposed(space, "warn", target, _order(command, now))


def mute(space: Space, command: c.Mute, now: datetime) -> Events:
    """Server-mute a speaker; no event when they are muted already. Raises NotAllowed, Gone, or Refused with reason
    `not_live` or `not_on_stage`.
    """
    require_over(space, command.by, command.person.account_id, Action.MUTE)
    require_live(space)
    return muted(space, command.person, _order(command, now))


def mute_all(space: Space, by: Principal, order: Order) -> Events:
    """Server-mute all on stage whom the caller is above; who is muted for a reason of their own stays so."""
    events: Events = []
    number = 0
    for one in _below(space, by):
        before = space.sanctions_on(one.account_id, "mute")
        if one.server_muted and not any(held.came_with or held.id in space.held_mutes for held in before):
            continue
        number += 1
        if not one.server_muted:
            events.append(e.ServerMuted(one.account_id, order.account_id, order.reason))
        events += imposed(space, "mute", one.account_id, order, number)
    return events


def demote_all(space: Space, by: Principal, order: Order) -> Events:
    """Make all on stage whom the caller is above listeners, who need an approval to speak again."""
    numbered = enumerate(_below(space, by), 1)
    return [event for number, one in numbered for event in demoted(space, one.account_id, order, number)]


def _below(space: Space, by: Principal) -> list[Member]:
    rank = Role.HOST.rank if by.is_admin else space.role_of(by.account_id).rank
    return [one for one in space.people.values() if Role.LISTENER.rank < one.role.rank < rank]


def unmute(space: Space, command: c.Unmute, now: datetime) -> Events:
    """Lift a server mute; nobody lifts their own. Raises NotAllowed, Gone, or Refused with reason `not_live`."""
    target = command.person.account_id
    if target == command.by.account_id:
        raise NotAllowed("you cannot lift your own mute", reason=Action.UNMUTE.value)
    require_over(space, command.by, target, Action.UNMUTE)
    require_live(space)
    person = space.people.get(target)
    if person is None or not person.server_muted:
        return []
    ended = [lifted(one, "undone") for one in space.sanctions_on(target, "mute")]
    return [e.ServerUnmuted(target, command.by.account_id or ""), *ended]


def demote(space: Space, command: c.Demote, now: datetime) -> Events:
    """Make a speaker or co-host a listener and close their lane. Callers may demote themselves. Raises NotAllowed,
    Gone, or Refused with reason `not_live` or `not_on_stage`.
    """
    target = command.person.account_id
    by_self = target == command.by.account_id and target != space.host_id
    if not by_self:
        require_over(space, command.by, target, Action.DEMOTE)
    require_live(space)
    if space.role_of(target) is Role.LISTENER:
        raise Refused("not_on_stage", f"@{command.person.handle} does not speak here")
    if by_self:
        return [*_close_lane(space, target, "demoted"), e.RoleChanged(target, Role.LISTENER)]
    return demoted(space, target, _order(command, now))


def kick(space: Space, command: c.Kick, now: datetime) -> Events:
    """Remove a person and bar them from this Space. Raises NotAllowed, Gone, or Refused with reason `is_you`."""
    require_over(space, command.by, command.person.account_id, Action.KICK)
    if command.person.account_id == command.by.account_id:
        raise Refused("is_you", "leave instead of kicking yourself")
    require_not_over(space)
    order = replace(_order(command, now), erases=command.erase, mutes_dms=command.mute_dms)
    if command.person.account_id in space.barred:
        hides = erasing.erased(space, command.person) if command.erase else []
        return [*hides, *imposed(space, "kick", command.person.account_id, order)] if hides else []
    return kicked(space, command.person, command.by, order)


def remove_blocked(space: Space, command: c.RemoveBlocked, now: datetime) -> Events:
    """Remove an account that a block keeps out (`admission.kept_out`, which the caller asked). No rank check: block lists decide."""
    target = command.person.account_id
    if space.is_over or not command.person.blocked or target in (space.host_id, space.former_host):
        return []
    reason = f"rule {command.by.id}" if isinstance(command.by, Rule) else ""
    tail = redactions.of_tail(space, command.by, command.person, reason or "blocked")
    hidden = erasing.erased(space, command.person) if command.erase else []
    return [*tail, *hidden, *removed(space, target, command.by.account_id or "", reason, barred=False)]


def close_all_lanes(space: Space, reason: str) -> Events:
    """The events that close every open lane, with `reason`."""
    return [
        e.LaneClosed(person.account_id, person.lane, reason)
        for person in space.people.values()
        if person.lane is not None
    ]


def _order(command: c.Warn | c.Mute | c.Demote | c.Kick, now: datetime) -> Order:
    return Order(described(command.by), command.reason, command.until, now, report_id=command.report_id)


def muted(space: Space, target: c.Target, order: Order) -> Events:
    """The events of a server mute. Raises Refused with reason `not_on_stage`."""
    person = space.people.get(target.account_id)
    if not has_a_say(space, target.account_id):
        raise Refused("not_on_stage", f"@{target.handle} does not speak here")
    if person is not None and person.server_muted:
        before = space.sanctions_on(target.account_id, "mute")
        if not before or any(one.until == order.until and not one.came_with for one in before):
            return []
        return imposed(space, "mute", target.account_id, order)  # for another time, or of its own
    begins = e.ServerMuted(target.account_id, order.account_id, order.reason)
    return [begins, *imposed(space, "mute", target.account_id, order)]


def demoted(space: Space, target: str, order: Order, number: int = 1) -> Events:
    """The events of a demotion. The person is on stage."""
    events: Events = [*_close_lane(space, target, "demoted"), e.RoleChanged(target, Role.LISTENER, demoted=True)]
    invite = space.invites.get(target)
    if invite is not None and invite.state is not InviteState.REVOKED:
        events.append(e.InviteAnswered(target, InviteState.REVOKED))  # it gave the role, and would again
    return [*events, *imposed(space, "demote", target, order, number)]


def kicked(space: Space, person: c.Target, by: Principal, order: Order) -> Events:
    """The events of a kick, with what the audience has not heard of the person."""
    target = person.account_id
    tail = redactions.of_tail(space, by, person, order.reason or "kicked")
    return [
        *tail,
        *(erasing.erased(space, person) if order.erases else []),
        *removed(space, target, order.account_id, order.reason, barred=True),
        *imposed(space, "kick", target, order),
    ]


def removed(space: Space, target: str, by: str, reason: str, *, barred: bool) -> Events:
    """The events that take a person out of the Space."""
    events: Events = _close_lane(space, target, "kicked" if barred else "blocked")
    if target in space.hands:
        events.append(e.HandLowered(target, "denied"))
    if space.role_of(target) is not Role.LISTENER:
        events.append(e.RoleChanged(target, Role.LISTENER, demoted=True))
    events += [e.Unpinned(pin.id) for pin in space.pinned if pin.by == target]
    events.append(e.Removed(target, by, reason, barred))
    return events


def _close_lane(space: Space, target: str, reason: str) -> Events:
    person = space.people.get(target)
    return [e.LaneClosed(target, person.lane, reason)] if person is not None and person.lane is not None else []
