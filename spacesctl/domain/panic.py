"""Panic: everything that has not aired is cut, all are muted, and nobody new speaks for a while. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import redactions, sanctions
from spacesctl.domain.checks import require_live
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.space import Space

Events = list[e.Event]


def panic(space: Space, command: c.Panic, now: datetime) -> Events:
    """Cut all that has not aired, mute all whom the caller is above, and hold back who wants to speak. Raises NotAllowed, Gone, or
    Refused with reason `not_live` or `too_many_redactions`.
    """
    require(space, command.by, Action.PANIC)
    require_live(space)
    events: Events = []
    if command.stretch is not None:
        redactions.require_place(space)
        cut = c.Redact(command.by, command.stretch, reason=command.reason, cut=True, aired=command.aired)
        events.append(redactions.made(space, cut, command.stretch))
    muted = sanctions.mute_all(space, command.by, command.reason, command.until, now)
    return [*events, *muted, e.HoldBegan(command.until)]


def calm(space: Space, command: c.Calm, now: datetime) -> Events:
    """End the hold, and lift the mutes that came with it. Raises NotAllowed, Gone, or Refused with reason `not_live`."""
    require(space, command.by, Action.PANIC)
    require_live(space)
    if space.held_until is None:
        return []
    return [*sanctions.unmute_all(space, command.by, space.held_until), e.HoldEnded()]
