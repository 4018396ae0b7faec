"""Mute, demote, kick and block, by a person or by a rule in the host's name. Pure, like all of `decide`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import offences, redactions
from spacesctl.domain.actions import ALWAYS_GRANTED
from spacesctl.domain.checks import require_live, require_not_over
from spacesctl.domain.errors import Invalid, NotAllowed, Refused
from spacesctl.domain.permissions import Action, require, require_over
from spacesctl.domain.principals import Principal, Rule, described
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.undo import lifted
from spacesctl.domain.words import InviteState, Kind, Role

Events = list[e.Event]


def grant(host_id: str, rules: c.SetRules) -> Grant:
    """The grant of a rule file: its actions, and those that are always granted."""
    return Grant(rules.bot_id, host_id, rules.actions | ALWAYS_GRANTED, rules.with_numbers, rules.breaker)


def mute(space: Space, command: c.Mute, now: datetime) -> Events:
    """Server-mute a speaker; no event when they are muted already. Raises NotAllowed, Gone, or Refused with reason
    `not_live` or `not_on_stage`.
    """
    require_over(space, command.by, command.person.account_id, Action.MUTE)
    require_live(space)
    return _mute(space, command.person, _Order(command.by, command.reason, command.until, now))


def mute_all(space: Space, by: Principal, reason: str, until: datetime, now: datetime) -> Events:
    """Server-mute all on stage whom the caller is above, until then; who is muted already stays so."""
    order = _Order(by, reason, until, now)
    rank = Role.HOST.rank if by.is_admin else space.role_of(by.account_id).rank
    below = [one for one in space.people.values() if Role.LISTENER.rank < one.role.rank < rank]
    events: Events = []
    number = 0
    for one in below:
        before = space.sanctions_on(one.account_id, "mute")
        if one.server_muted and not any(held.id in space.held_mutes for held in before):
            continue  # somebody muted them for a reason of their own
        number += 1
        if not one.server_muted:
            events.append(e.ServerMuted(one.account_id, by.account_id or "", reason))
        events += [lifted(held, "replaced") for held in before]
        events.append(e.SanctionImposed(_sanction(space, "mute", one.account_id, order, number)))
    return events


def unmute_all(space: Space, by: Principal, mutes: Collection[str]) -> Events:
    """Lift these mutes, but for the caller's own."""
    ended = [one for one in space.sanctions.values() if one.id in mutes and one.target != by.account_id]
    return [
        event for one in ended for event in (e.ServerUnmuted(one.target, by.account_id or ""), lifted(one, "undone"))
    ]


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
    events: Events = [*_close_lane(space, target, "demoted"), e.RoleChanged(target, Role.LISTENER, demoted=not by_self)]
    if not by_self:
        invite = space.invites.get(target)
        if invite is not None and invite.state is not InviteState.REVOKED:
            events.append(e.InviteAnswered(target, InviteState.REVOKED))  # it gave the role, and would again
        events += _impose(space, "demote", target, _Order(command.by, command.reason, command.until, now))
    return events


def kick(space: Space, command: c.Kick, now: datetime) -> Events:
    """Remove a person and bar them from this Space. Raises NotAllowed, Gone, or Refused with reason `is_you`."""
    require_over(space, command.by, command.person.account_id, Action.KICK)
    if command.person.account_id == command.by.account_id:
        raise Refused("is_you", "leave instead of kicking yourself")
    require_not_over(space)
    if command.person.account_id in space.barred:
        return []
    return _kick(space, command.person, _Order(command.by, command.reason, command.until, now))


def remove_blocked(space: Space, command: c.RemoveBlocked, now: datetime) -> Events:
    """Remove an account that a block keeps out (`admission.kept_out`, which the caller asked). No rank check: block lists decide."""
    target = command.person.account_id
    if space.is_over or not command.person.blocked or target in (space.host_id, space.former_host):
        return []
    reason = f"rule {command.by.id}" if isinstance(command.by, Rule) else ""
    tail = redactions.of_tail(space, command.by, command.person, reason or "blocked")
    return [*tail, *_remove(space, target, command.by.account_id or "", reason, barred=False)]


def is_exempt(space: Space, person: c.Target) -> bool:
    """Whether rules may not mute, remove or block this person: hosts, co-hosts and bots."""
    return space.role_of(person.account_id).rank >= Role.COHOST.rank or person.kind is Kind.BOT


def take_act(space: Space, command: c.TakeAct, now: datetime) -> Events:
    """Record the action of a rule, and in mode `enforce` take it, unless the offence only counts or the action is held (`offences`).
    Raises NotAllowed when the host's grant does not cover it (what is only recorded needs none for the action), Gone, or Refused.
    """
    require(space, command.by, Action.TAKE_ACT)
    require_live(space)
    allowed = space.grant
    granted = allowed is not None and (command.mode != "enforce" or command.action in allowed.actions)
    if allowed is None or command.by.account_id != allowed.bot_id or not granted:
        raise NotAllowed(f"the host has not granted this bot the action {command.action}", reason=Action.TAKE_ACT.value)
    person = command.person
    judged = offences.verdict(space, command, now)
    if judged.mode == "counted":
        return list(judged.events)
    taken = e.ActTaken(
        command.key, command.rule_id, judged.mode, command.action, person.account_id, command.lane, command.start_tick, command.end_tick,
    )  # fmt: skip
    if judged.mode != "enforce":
        return [*judged.events, taken]
    return [*judged.events, taken, *_enforce(space, command, allowed, now)]


def _enforce(space: Space, command: c.TakeAct, allowed: Grant, now: datetime) -> Events:
    """What is in effect already is not repeated."""
    target = command.person.account_id
    spared = is_exempt(space, command.person)
    because = f"rule {command.rule_id}"
    order = _Order(command.by, because, None, now, command.key)
    match command.action:
        case "mute" if not spared:
            return [
                *redactions.of_tail(space, command.by, command.person, because),
                *_mute(space, command.person, order),
            ]
        case "kick" if not spared and target not in space.barred:
            return _kick(space, command.person, order)
        case "block" if not spared and target not in space.barred:
            tail = redactions.of_tail(space, command.by, command.person, because)
            return [*tail, *_remove(space, target, allowed.bot_id, because, barred=False)]
        case "report":
            filed = e.ReportFiled(
                command.report_id,
                f"rule:{command.rule_id}",
                target,
                allowed.bot_id,
                lane=command.lane,
                tick=command.start_tick,
                clip=command.clip,
                act=command.key,
            )
            return [filed]
        case _:
            return []


def close_all_lanes(space: Space, reason: str) -> Events:
    """The events that close every open lane, with `reason`."""
    return [
        e.LaneClosed(person.account_id, person.lane, reason)
        for person in space.people.values()
        if person.lane is not None
    ]


@dataclass(frozen=True)
class _Order:
    """Who orders a sanction, why, until when; `evidence` is the key of the act that led to it."""

    by: Principal
    reason: str
    until: datetime | None
    now: datetime
    evidence: str = ""


def _impose(space: Space, action: str, target: str, order: _Order) -> Events:
    """The event that begins a sanction, and the end of those of its kind that it replaces."""
    if order.until is not None and order.until <= order.now:
        raise Invalid("duration", "is over already")
    made = _sanction(space, action, target, order)
    return [*(lifted(one, "replaced") for one in space.sanctions_on(target, action)), e.SanctionImposed(made)]


def _sanction(space: Space, action: str, target: str, order: _Order, number: int = 1) -> Sanction:
    """A new sanction, the `number`th of one command."""
    return Sanction(
        f"{space.id}-{space.sanction_count + number}",
        action,
        target,
        described(order.by),
        order.reason,
        order.now,
        order.until,
        order.evidence,
    )


def _mute(space: Space, target: c.Target, order: _Order) -> Events:
    person = space.people.get(target.account_id)
    if person is None or person.role is Role.LISTENER:
        raise Refused("not_on_stage", f"@{target.handle} does not speak here")
    if person.server_muted:
        until = [one.until for one in space.sanctions_on(target.account_id, "mute")]
        if order.until in until or not until:
            return []
        return _impose(space, "mute", target.account_id, order)  # for another time
    muted = e.ServerMuted(target.account_id, order.by.account_id or "", order.reason)
    return [muted, *_impose(space, "mute", target.account_id, order)]


def _kick(space: Space, person: c.Target, order: _Order) -> Events:
    target = person.account_id
    tail = redactions.of_tail(space, order.by, person, order.reason or "kicked")
    removed = _remove(space, target, order.by.account_id or "", order.reason, barred=True)
    return [*tail, *removed, *_impose(space, "kick", target, order)]


def _remove(space: Space, target: str, by: str, reason: str, *, barred: bool) -> Events:
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
