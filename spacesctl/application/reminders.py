"""Reminders: subscribers get one half an hour before a Space and one at its start, the host one half an hour before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.principals import System
from spacesctl.live.actor import Outcome
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, direct_messages
from spacesctl.store import series as series_store

AHEAD = timedelta(minutes=30)
"""How long before the start the `soon` reminders are sent."""


async def send(
    registry: SpaceRegistry, bot: Account, link: Callable[[str], str], space_id: str, kind: Literal["soon", "start"]
) -> None:
    """Send the reminders of one kind. Does nothing when they were sent before, or when the Space's state does not fit the kind."""
    actor = await registry.actor(space_id)
    async with registry.db.read() as connection:
        if kind == "start" and not await series_store.to_remind(connection, space_id):
            return

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        if not outcome.events:
            return
        space = outcome.after
        start = rfc3339(space.scheduled_start) if space.scheduled_start else "soon"
        when = f"starts at {start}" if kind == "soon" else "is live now"
        mine, theirs = await accounts.blocked_ids(db, space.host_id)
        told = set(await series_store.to_remind(db, space_id)) - {space.host_id} - mine - theirs
        for account_id in sorted(told) + ([space.host_id] if kind == "soon" else []):
            text = f"“{space.title}” {when}: {link(space_id)}"
            await direct_messages.send_dm(db, bot.id, account_id, text, outcome.at, kind="reminder", space_id=space_id)

    await actor.ask(c.SendReminders(System("schedule"), kind), projection)


async def tell_missed(registry: SpaceRegistry, bot: Account, space_id: str) -> None:
    """Record that a Space was missed, and notify its host."""
    actor = await registry.actor(space_id)

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        if outcome.events:
            space = outcome.after
            text = f"“{space.title}” did not start: the server was not running at the scheduled time."
            await direct_messages.send_dm(db, bot.id, space.host_id, text, outcome.at, kind="notice", space_id=space_id)

    await actor.ask(c.Miss(System("schedule")), projection)
