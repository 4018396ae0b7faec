"""Panic: everything that has not aired is cut, all are muted, and a hold begins. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import measures, redactions, sanctions
from spacesctl.domain.checks import require_live
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import described
from spacesctl.domain.sanctioning import Order
from spacesctl.domain.space import Space

Events = list[e.Event]


def panic(space: Space, command: c.Panic, now: datetime) -> Events:
    """Cut all that has not aired, mute all whom the caller is above, and hold back who comes on stage. A second panic makes it longer,
    never shorter. Raises NotAllowed, Gone, or Refused with reason `not_live`.
    """
    require(space, command.by, Action.PANIC)
    require_live(space)
    events: Events = []
    if command.stretch is not None:
        cut = c.Redact(command.by, command.stretch, reason=command.reason, cut=True, aired=command.aired)
        events.append(redactions.made(space, cut, command.stretch))
    until = max(command.until, space.held_until or command.until)
    muted = Order(described(command.by), command.reason, until, now, came_with="hold")
    there = sanctions.mute_all(space, command.by, muted)
    hold = Order(muted.by, command.reason, until, now)
    return [*events, *there, *measures.begun(space, "hold", hold, there)]


def calm(space: Space, command: c.Calm, now: datetime) -> Events:
    """End the hold, and lift the mutes that came with it, but not the caller's own. Raises NotAllowed, Gone, or Refused with reason
    `not_live`.
    """
    require(space, command.by, Action.PANIC)
    return measures.end(space, c.EndMeasure(command.by, "hold"), now)
