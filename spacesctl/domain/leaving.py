"""An account that was suspended or deleted leaves a Space. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import life, redactions
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.space import Space
from spacesctl.domain.undo import takes_over
from spacesctl.domain.words import InviteState, Role, State

Events = list[e.Event]
_OPEN = (InviteState.PENDING, InviteState.ACCEPTED)


def take_out(space: Space, command: c.TakeOut, now: datetime) -> Events:
    """Close its microphone, take its role, its hand, its invitation and what it shared. A live Space that it hosts goes to the oldest
    co-host who is there, or ends. Raises NotAllowed.
    """
    require(space, command.by, Action.TAKE_OUT)
    target = command.person.account_id
    if space.is_over:
        return []
    tail = redactions.of_tail(space, command.by, command.person, command.why)
    if target != space.host_id:
        return [*tail, *_out(space, target, command.why)]
    if space.state is State.SCHEDULED:
        return [e.SpaceCanceled(now)] if command.call_off else []
    there = [one for one in space.with_role(Role.COHOST) if one.account_id in command.present]
    if not there:
        return [*tail, *life.end(space, c.End(command.by), now)]
    oldest = min(there, key=lambda person: person.role_seq)
    handed: Events = takes_over(space, oldest.account_id, command.why)
    after = evolve_all(space, handed, now)
    assert after is not None
    return [*tail, *handed, *_out(after, target, command.why)]


def _out(space: Space, target: str, why: str) -> Events:
    events: Events = []
    person = space.people.get(target)
    if person is not None and person.lane is not None:
        events.append(e.LaneClosed(target, person.lane, why))
    if target in space.hands:
        events.append(e.HandLowered(target, "withdrawn"))
    if space.role_of(target) is not Role.LISTENER:
        events.append(e.RoleChanged(target, Role.LISTENER))
    invite = space.invites.get(target)
    if invite is not None and invite.state in _OPEN:
        events.append(e.InviteAnswered(target, InviteState.REVOKED))  # it would give the role again
    return [*events, *(e.Unpinned(pin.id) for pin in space.pinned if pin.by == target)]
