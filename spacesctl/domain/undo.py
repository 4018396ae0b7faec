"""The end of a sanction: undone by staff, or expired. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.checks import require_not_over
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require, require_over
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.space import MAX_SPEAKERS, Space
from spacesctl.domain.words import Role

Events = list[e.Event]


def undo(space: Space, command: c.Undo, now: datetime) -> Events:
    """Undo a sanction; a demoted speaker is on stage again. Nobody undoes what was done to themselves. Raises NotAllowed, NotFound,
    Gone, or Refused with reason `stage_full` or `blocked`.
    """
    found = space.sanctions.get(command.sanction_id)
    permission = ACTIONS[found.action].undo if found is not None else Action.KICK
    require(space, command.by, permission or Action.KICK)
    require_not_over(space)
    if found is None:
        raise NotFound("sanction", command.sanction_id)
    if found.target == command.by.account_id:
        raise NotAllowed("you cannot undo what was done to you", reason="undo")
    require_over(space, command.by, found.target, permission or Action.KICK)
    return [*_undone(space, found, blocked=command.blocked), lifted(found, "undone", command.reason)]


def _undone(space: Space, sanction: Sanction, *, blocked: bool) -> Events:
    target = sanction.target
    if sanction.action == "demote" and blocked:
        raise Refused("blocked", "there is a block between the host and this person")
    if sanction.action == "demote" and space.role_of(target) is Role.LISTENER and target not in space.barred:
        if len(space.with_role(Role.SPEAKER)) >= MAX_SPEAKERS:
            raise Refused("stage_full", f"the stage is full: {MAX_SPEAKERS} speakers", hint="demote somebody first")
        return [e.RoleChanged(target, Role.SPEAKER)]
    return _effects_end(space, sanction)


def lift_expired(space: Space, command: c.LiftExpired, now: datetime) -> Events:
    """Lift all sanctions whose time is over. Raises NotAllowed."""
    require(space, command.by, Action.LIFT_EXPIRED)
    if space.is_over:
        return []
    over = [one for one in space.sanctions.values() if one.until is not None and one.until <= now]
    ended: Events = [event for one in over for event in (*_effects_end(space, one), lifted(one, "expired"))]
    return [*ended, *([e.HoldEnded()] if space.held_until is not None and space.held_until <= now else [])]


def _effects_end(space: Space, sanction: Sanction) -> Events:
    """What ends with a sanction: a server mute, the need for an approval, the bar."""
    target = sanction.target
    person = space.people.get(target)
    match sanction.action:
        case "mute" if person is not None and person.server_muted:
            return [e.ServerUnmuted(target, "")]
        case "demote" if person is not None and person.demoted:
            return [e.RoleChanged(target, person.role, demoted=False)]
        case "kick" if target in space.barred:
            # The kick took the role away as well; a demotion of its own still holds.
            was_demoted = person is not None and person.demoted and not space.sanctions_on(target, "demote")
            return [e.Readmitted(target), *([e.RoleChanged(target, Role.LISTENER)] if was_demoted else [])]
        case _:
            return []


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


def lifted(sanction: Sanction, how: str, reason: str = "") -> e.SanctionLifted:
    """The event that ends a sanction."""
    return e.SanctionLifted(sanction.id, sanction.action, sanction.target, how, reason)
