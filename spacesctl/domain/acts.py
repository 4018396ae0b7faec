"""What rules do in the host's name. Pure, like all of `decide`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import ladders, measures, offences, redactions, sanctions, suggestions
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import described
from spacesctl.domain.redaction import TEXT_LANE
from spacesctl.domain.sanctioning import Order, imposed
from spacesctl.domain.sanctions import is_exempt
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.words import Role

Events = list[e.Event]


_ON_ONE = frozenset({"warn", "mute", "demote", "kick", "block"})


def judged(space: Space, command: c.TakeAct, now: datetime) -> offences.Verdict:
    """What becomes of an act whose ladder is resolved (`offences.verdict`). A sanction on somebody whom rules spare, or a mute of who is
    not heard, is only recorded: it gives no points, and the circuit breaker does not count it."""
    if command.mode == "enforce" and command.action in _ON_ONE and _comes_to_nothing(space, command):
        command = replace(command, mode="shadow")
    return offences.verdict(space, command, now)


def _comes_to_nothing(space: Space, command: c.TakeAct) -> bool:
    target = command.person.account_id
    unheard = (command.action == "mute" and not sanctions.has_a_say(space, target)) or (
        command.action == "demote" and space.role_of(target) is Role.LISTENER
    )
    return unheard or is_exempt(space, command.person)


def take_act(space: Space, command: c.TakeAct, now: datetime) -> Events:
    """Record the action of a rule, and in mode `enforce` take it, unless the offence only counts or the action is held (`offences`).
    Raises NotAllowed when the host's grant does not cover it (what is only recorded needs none for the action), Gone, or Refused.
    """
    require(space, command.by, Action.TAKE_ACT)
    require_live(space)
    command = ladders.resolved(space, command, now)
    allowed = space.grant
    granted = allowed is not None and (command.mode != "enforce" or command.action in allowed.actions)
    if allowed is None or command.by.account_id != allowed.bot_id or not granted:
        raise NotAllowed(f"the host has not granted this bot the action {command.action}", reason=Action.TAKE_ACT.value)
    person = command.person
    found = judged(space, command, now)
    if found.mode == "counted":
        return list(found.events)
    taken = e.ActTaken(
        command.key, command.rule_id, found.mode, command.action, person.account_id, command.lane, command.start_tick, command.end_tick,
    )  # fmt: skip
    left = suggestions.of_act(space, command, found.mode, now)
    if found.mode not in ("enforce", "held"):
        return [*found.events, taken, *left]
    points = ladders.given(command, now)
    if found.mode == "held":
        return [*found.events, taken, *points, *left]
    return [*found.events, taken, *left, *points, *_enforce(space, command, allowed, now)]


def _enforce(space: Space, command: c.TakeAct, allowed: Grant, now: datetime) -> Events:
    """What is in effect already is not repeated, and who is heard by nobody, as a listener who was reported, is not muted."""
    target = command.person.account_id
    spared = is_exempt(space, command.person)
    because = f"rule {command.rule_id}"
    order = Order(described(command.by), because, command.until, now, command.key)
    match command.action:
        case "warn" if not spared:
            return imposed(space, "warn", target, order)
        case "lock" | "slow" if space.measure(command.action) is None:
            every = measures.EVERY if command.action == "slow" else None
            for_a_while = replace(order, until=now + measures.BY_RULES, every=every)
            return measures.begun(space, command.action, for_a_while, inside=command.inside)
        case "mute" if not spared and sanctions.has_a_say(space, target):
            return [
                *redactions.of_tail(space, command.by, command.person, because),
                *sanctions.muted(space, command.person, order),
            ]
        case "demote" if not spared and space.role_of(target) is not Role.LISTENER:
            tail = redactions.of_tail(space, command.by, command.person, because)
            return [*tail, *sanctions.demoted(space, target, order)]
        case "kick" if not spared and target not in space.barred:
            return sanctions.kicked(space, command.person, command.by, order)
        case "block" if not spared and target not in space.barred:
            tail = redactions.of_tail(space, command.by, command.person, because)
            return [*tail, *sanctions.removed(space, target, allowed.bot_id, because, barred=False)]
        case "report":
            filed = e.ReportFiled(
                command.report_id,
                f"rule:{command.rule_id}",
                target,
                allowed.bot_id,
                lane=None if command.lane == TEXT_LANE else command.lane or None,
                tick=command.start_tick,
                clip=command.clip,
                act=command.key,
            )
            return [filed]
        case _:
            return []
