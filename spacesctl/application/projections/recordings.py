"""The recordings that began or ended."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.live.outcome import Outcome
from spacesctl.store import recordings


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them with their place on the Space clock."""
    for event in outcome.events:
        if isinstance(event, e.RecordingStarted):
            await recordings.began(db, outcome.after, event.recording, outcome.tick)
        elif isinstance(event, e.RecordingStopped):
            await recordings.ended(db, event.recording_id, event.at, event.reason)
