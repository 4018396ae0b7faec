"""Reminders: subscribers get one half an hour before a Space and one at its start, the host one half an hour before.

The direct messages are written because `RemindersSent` says so (`projections/notice_texts.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.principals import System
from spacesctl.store import series as series_store

AHEAD = timedelta(minutes=30)
"""How long before the start the `soon` reminders are sent."""
_SCHEDULE = System("schedule")


async def send_reminders(app: App, space_id: str, kind: Literal["soon", "start"]) -> None:
    """Send the reminders of one kind. Does nothing when they were sent before, or when the Space's state does not fit the kind."""
    async with app.registry.transaction(space_id) as tx:
        if kind == "soon" or await series_store.to_remind(tx.db, space_id):
            await tx.ask(space_id, c.SendReminders(_SCHEDULE, kind))


async def miss(app: App, space_id: str) -> None:
    """Record that a Space was missed. Who waited for it is told."""
    await app.registry.ask(space_id, c.Miss(_SCHEDULE))
