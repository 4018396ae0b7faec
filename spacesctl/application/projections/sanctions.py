"""The sanctions of Spaces: when they begin, and when and how they end."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.principals import described
from spacesctl.live.outcome import Outcome
from spacesctl.store import sanctions


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them."""
    for event in outcome.events:
        if isinstance(event, e.SanctionImposed):
            await sanctions.add(db, event.sanction, outcome.after.id, outcome.after.host_id)
        elif isinstance(event, e.SanctionLifted):
            by = described(outcome.by)
            await sanctions.lift(db, event.sanction_id, outcome.at, by, event.how, event.reason)
        elif isinstance(event, e.SpaceEnded):
            await sanctions.lift_all(db, outcome.after.id, outcome.at, described(outcome.by))
