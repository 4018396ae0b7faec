"""The end of a sanction: undone by staff, or expired. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import erasing, measures, suggestions
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.checks import require_not_over
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.permissions import Action, require, require_over
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.sanctioning import effects_end, lifted
from spacesctl.domain.space import MAX_SPEAKERS, Space
from spacesctl.domain.words import Role

Events = list[e.Event]


def undo(space: Space, command: c.Undo, now: datetime) -> Events:
    """Undo a sanction; a demoted speaker is on stage again, and what came with a measure ends with it. Nobody undoes what was done to
    themselves. Raises NotAllowed, NotFound, Gone, or Refused with reason `stage_full` or `blocked`.
    """
    found = space.sanctions.get(command.sanction_id)
    permission = ACTIONS[found.action].undo if found is not None else Action.KICK
    require(space, command.by, permission or Action.KICK)
    require_not_over(space)
    if found is None:
        raise NotFound("sanction", command.sanction_id)
    if found.is_measure:
        return measures.undone(space, found, command.by, now, command.reason, command.apart)
    if found.target == command.by.account_id:
        raise NotAllowed("you cannot undo what was done to you", reason="undo")
    require_over(space, command.by, found.target, permission or Action.KICK)
    ended = lifted(found, "undone", command.reason, wrong=command.wrong)
    return [*_undone(space, found, now, blocked=found.target in command.apart), ended]


def _undone(space: Space, sanction: Sanction, now: datetime, *, blocked: bool) -> Events:
    target = sanction.target
    if sanction.action == "demote" and blocked:
        raise Refused("blocked", "there is a block between the host and this person")
    if sanction.action == "demote" and space.role_of(target) is Role.LISTENER and target not in space.barred:
        if len(space.with_role(Role.SPEAKER)) >= MAX_SPEAKERS:
            raise Refused("stage_full", f"the stage is full: {MAX_SPEAKERS} speakers", hint="demote somebody first")
        return [e.RoleChanged(target, Role.SPEAKER), *measures.arrival(space, target, now)]
    shown = erasing.restored(space, target) if sanction.erases else []
    return [*effects_end(space, sanction), *shown]


def effects_reversed(space: Space, sanction: Sanction, now: datetime, *, blocked: bool) -> Events:
    """What `undo` brings back; where a full stage or a block is in the way, the sanction ends without it."""
    try:
        return _undone(space, sanction, now, blocked=blocked)
    except Refused:
        return effects_end(space, sanction)


def lift_expired(space: Space, command: c.LiftExpired, now: datetime) -> Events:
    """Lift all sanctions whose time is over, and end such suggestions. Raises NotAllowed."""
    require(space, command.by, Action.LIFT_EXPIRED)
    if space.is_over:
        return []
    events: Events = []
    after = space
    for one in (one for one in space.measures if _is_over(one, now)):
        made = measures.expired(after, one, now)
        events, after = [*events, *made], evolve_all(after, made, now) or after
    for one in (one for one in after.sanctions.values() if _is_over(one, now)):
        events += [*effects_end(after, one), lifted(one, "expired")]
    is_held = after.held_until is not None and after.held_until <= now  # by an earlier version, without a sanction
    return [*events, *([e.HoldEnded()] if is_held else []), *suggestions.expired(space, now)]


def _is_over(one: Sanction, now: datetime) -> bool:
    return one.until is not None and one.until <= now


def takes_over(space: Space, account_id: str, reason: str) -> Events:
    """Another account becomes host. Nobody may act on a host, so a mute ends: nobody else could lift it."""
    person = space.people.get(account_id)
    muted = person is not None and person.server_muted
    ended: Events = [lifted(one, "replaced") for one in space.sanctions_on(account_id, "mute")]
    return [
        *([e.ServerUnmuted(account_id, "")] if muted else []),
        *ended,
        e.HostChanged(account_id, space.host_id, reason),
    ]
