"""Panic: everything that has not aired is cut, all are muted, and nobody new speaks for a while. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import redactions, sanctions
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.space import Space

Events = list[e.Event]


def panic(space: Space, command: c.Panic, now: datetime) -> Events:
    """Cut all that has not aired, mute all whom the caller is above, and hold back who wants to speak. A second panic makes it longer,
    never shorter. Raises NotAllowed, Gone, or Refused with reason `not_live`.
    """
    require(space, command.by, Action.PANIC)
    require_live(space)
    events: Events = []
    if command.stretch is not None:
        cut = c.Redact(command.by, command.stretch, reason=command.reason, cut=True, aired=command.aired)
        events.append(redactions.made(space, cut, command.stretch))
    until = max(command.until, space.held_until or command.until)
    muted = sanctions.mute_all(space, command.by, command.reason, until, now)
    made = [event.sanction.id for event in muted if isinstance(event, e.SanctionImposed)]
    still = [one for one in space.held_mutes if one in space.sanctions]
    by = space.held_by if _outranks(space, command) else command.by.account_id
    return [*events, *muted, e.HoldBegan(until, by or "", tuple(dict.fromkeys((*still, *made))))]


def calm(space: Space, command: c.Calm, now: datetime) -> Events:
    """End the hold, and lift the mutes that came with it, but not the caller's own. Raises NotAllowed, Gone, or Refused with reason
    `not_live`.
    """
    require(space, command.by, Action.PANIC)
    require_live(space)
    if space.held_until is None:
        return []
    if _outranks(space, command):
        raise NotAllowed("the host called this panic, and ends it", reason=Action.PANIC.value)
    return [*sanctions.unmute_all(space, command.by, space.held_mutes), e.HoldEnded()]


def _outranks(space: Space, command: c.Panic | c.Calm) -> bool:
    """Whether who called the panic that goes on ranks above the caller."""
    if space.held_by is None or command.by.is_admin:
        return False
    return space.role_of(space.held_by).rank > space.role_of(command.by.account_id).rank
