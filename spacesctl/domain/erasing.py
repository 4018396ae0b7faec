"""What somebody left in a Space is kept from its audience, and shown again. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import System
from spacesctl.domain.space import MAX_PINS, Space

Events = list[e.Event]


def erased(space: Space, person: c.Target) -> Events:
    """The event that hides what a person said and shared; none when it is hidden already. Their pins are removed beside it."""
    before = space.erased.get(person.account_id)
    if before is not None and before.last is None:
        return []
    pins = tuple(pin for pin in space.pinned if pin.by == person.account_id)
    return [e.Erased(person.account_id, f"@{person.handle}", (*pins, *(before.pins if before is not None else ())))]


def restored(space: Space, account_id: str) -> Events:
    """The events that show it again, with the pins for which there is room."""
    found = space.erased.get(account_id)
    if found is None:
        return []
    refs = {pin.ref for pin in space.pinned}
    back = [pin for pin in found.pins if pin.ref not in refs][: MAX_PINS - len(space.pinned)]
    return [e.Restored(account_id), *(e.Pinned(pin) for pin in reversed(back))]


def restore(space: Space, command: c.Restore, now: datetime) -> Events:
    """Show what was erased of somebody who is no longer blocked. Raises NotAllowed or NotSignedIn."""
    if not isinstance(command.by, System):  # which decided on an appeal for Coop
        require(space, command.by, Action.KICK)
    return [] if space.is_over or command.account_id in space.barred else restored(space, command.account_id)
