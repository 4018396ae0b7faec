"""Measures: sanctions on the Space itself, which concern all who are in it or come. Pure, like all of `decide`.

`mute` and `hold` mute who comes on stage, `demote` asks for an approval whatever the policy, `slow` spaces out requests and reactions,
`lock` lets nobody new in. `mute` and `demote` also concern all whom the caller is above, at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import sanctions
from spacesctl.domain.actions import ACTIONS, MEASURES
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import Invalid, NotAllowed
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal, described
from spacesctl.domain.sanction import EVERYBODY, Sanction
from spacesctl.domain.sanctioning import Order, effects_end, lifted, made
from spacesctl.domain.space import MAX_SPEAKERS, Space
from spacesctl.domain.words import Role

Events = list[e.Event]
HOLD = timedelta(minutes=5)
"""A hold without a time lasts so long: nobody is held back for ever by one that was forgotten."""
EVERY = 30
"""Seconds between two requests or reactions of one account, when nothing else is said."""
BY_RULES = timedelta(minutes=10)
"""How long a rule locks or slows a Space."""
MOST_EVERY = 3600
_NEVER = datetime.max.replace(tzinfo=UTC)


def take(space: Space, command: c.TakeMeasure, now: datetime) -> Events:
    """Begin a measure, in place of one of its kind. Raises NotAllowed (also when who began that one ranks above the caller), Invalid, Gone,
    or Refused with reason `not_live`.
    """
    action = command.action
    require(space, command.by, _row_permission(action))
    require_live(space)
    if (command.every is not None) and (action != "slow" or not 1 <= command.every <= MOST_EVERY):
        raise Invalid("every", f"is for slow alone, 1 to {MOST_EVERY} seconds")
    before = space.measure(action)
    if before is not None:
        _require_not_outranked(space, before, command.by)
    until = command.until or (now + HOLD if action == "hold" else None)
    every = command.every or EVERY if action == "slow" else None
    order = Order(described(command.by), command.reason, until, now, every=every)
    there: Events = []
    if action == "mute":
        there = sanctions.mute_all(space, command.by, replace(order, came_with="mute"))
    elif action == "demote":
        there = sanctions.demote_all(space, command.by, replace(order, came_with="demote"))
    return [*there, *begun(space, action, order, there, command.inside)]


def begun(space: Space, action: str, order: Order, there: Events | None = None, inside: Collection[str] = ()) -> Events:
    """The events that begin a measure, after those that concern who is `there`. Who began one of its kind and ranks higher goes on to be
    its owner.
    """
    mutes = [event.sanction for event in there or [] if isinstance(event, e.SanctionImposed)]
    one = made(space, action, EVERYBODY, order, len(mutes) + 1)
    before = space.measure(action)
    if before is not None and _rank(space, before.by.get("id")) > _rank(space, order.account_id):
        one = replace(one, by=before.by)
    ended = [lifted(before, "replaced")] if before is not None else []
    if action == "hold":
        still = [held for held in space.held_mutes if held in space.sanctions]
        held = dict.fromkeys((*still, *(mute.id for mute in mutes)))
        began: e.Event = e.HoldBegan(one.until or order.now + HOLD, one.by.get("id") or "", tuple(held))
    else:
        stay = tuple(sorted({*space.inside, *inside})) if action == "lock" else ()
        began = e.MeasureBegan(action, one.until, one.every, stay)
    return [*ended, began, e.SanctionImposed(one)]


def end(space: Space, command: c.EndMeasure, now: datetime) -> Events:
    """End a measure, and what came with it, but not for the caller. Raises NotAllowed, Gone, or Refused with reason `not_live`."""
    require(space, command.by, ACTIONS[command.action].undo or Action.LOCK)
    require_live(space)
    found = space.measure(command.action)
    if found is None:
        return []
    return undone(space, found, command.by, now, command.reason, command.apart)


def undone(
    space: Space, measure: Sanction, by: Principal, now: datetime, reason: str, apart: Collection[str] = ()
) -> Events:
    """The events that undo a measure. Raises NotAllowed when who began it ranks above the caller."""
    _require_not_outranked(space, measure, by)
    if measure.action == "demote":
        return [*_back_on_stage(space, by.account_id, now, apart), *_over(measure, "undone", reason)]
    return [*_unmuted(space, measure, by.account_id, now, "undone"), *_over(measure, "undone", reason)]


def expired(space: Space, measure: Sanction, now: datetime) -> Events:
    """The events that end a measure whose time is over."""
    came = [one for one in space.sanctions.values() if (one.action, one.came_with) == ("demote", measure.action)]
    freed = [event for one in came for event in (*effects_end(space, one), lifted(one, "expired"))]
    return [*freed, *_unmuted(space, measure, None, now, "expired"), *_over(measure, "expired", "")]


def arrival(space: Space, account_id: str, now: datetime, number: int = 1) -> Events:
    """Who comes on stage is muted while a measure says so. The `number`th sanction of one command."""
    person = space.people.get(account_id)
    if person is not None and (person.server_muted or person.role.rank >= Role.COHOST.rank):
        return []
    measure = _muting(space, now)
    if measure is None:
        return []
    muted = _mute_of(space, measure, account_id, now, number)
    return [e.ServerMuted(account_id, Order(measure.by, "", None, now).account_id, measure.reason), muted]


def _mute_of(space: Space, measure: Sanction, account_id: str, now: datetime, number: int) -> e.SanctionImposed:
    order = Order(measure.by, measure.reason, measure.until, now, came_with=measure.action)
    return e.SanctionImposed(made(space, "mute", account_id, order, number))


def _muting(space: Space, now: datetime, but: str = "") -> Sanction | None:
    """The measure that mutes who comes on stage: the one that lasts longer."""
    found = [one for one in space.measures if one.action in ("mute", "hold") and one.action != but]
    lasting = [one for one in found if one.until is None or one.until > now]
    return max(lasting, key=lambda one: one.until or _NEVER, default=None)


def _unmuted(space: Space, measure: Sanction, but: str | None, now: datetime, how: str) -> Events:
    """The mutes that came with a measure end, but for that of `but`. Those that another measure would have made become its own."""
    if measure.action not in ("mute", "hold"):
        return []
    held = space.held_mutes if measure.action == "hold" else ()
    came = [
        one
        for one in space.sanctions.values()
        if one.action == "mute" and (one.came_with == measure.action or one.id in held) and one.target != but
    ]
    other = _muting(space, now, but=measure.action)
    if other is None:
        return [event for one in came for event in (*effects_end(space, one), lifted(one, how))]
    kept: Events = []
    for number, one in enumerate((one for one in came if not one.is_measure), 1):
        kept += [lifted(one, "replaced"), _mute_of(space, other, one.target, now, number)]
    return kept


def _back_on_stage(space: Space, but: str | None, now: datetime, apart: Collection[str]) -> Events:
    """Who was demoted with all others speaks again, as far as there is room; all of them need no approval."""
    room = MAX_SPEAKERS - len(space.with_role(Role.SPEAKER))
    number = 1
    events: Events = []
    for one in space.sanctions.values():
        if (one.action, one.came_with) != ("demote", "demote") or one.target == but:
            continue
        is_out = one.target in space.barred or one.target in apart
        if room > 0 and not is_out and space.role_of(one.target) is Role.LISTENER:
            room -= 1
            muted = arrival(space, one.target, now, number)
            number += 1 if muted else 0
            events += [e.RoleChanged(one.target, Role.SPEAKER), *muted]
        else:
            events += effects_end(space, one)
        events.append(lifted(one, "undone"))
    return events


def _over(measure: Sanction, how: str, reason: str) -> Events:
    ended = e.HoldEnded() if measure.action == "hold" else e.MeasureEnded(measure.action)
    return [ended, lifted(measure, how, reason)]


def _row_permission(action: str) -> Action:
    permission = ACTIONS[action].permission if action in MEASURES else None
    if permission is None:
        raise Invalid("action", f"is one of {', '.join(MEASURES)}")
    return permission


def _require_not_outranked(space: Space, measure: Sanction, by: Principal) -> None:
    if not by.is_admin and _rank(space, measure.by.get("id")) > _rank(space, by.account_id):
        raise NotAllowed(f"the host began this {measure.action}, and ends it", reason=measure.action)


def _rank(space: Space, account_id: str | None) -> int:
    return space.role_of(account_id).rank
