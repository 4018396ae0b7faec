"""What was decided on appeals."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.principals import described
from spacesctl.domain.words import AppealState
from spacesctl.live.outcome import Outcome
from spacesctl.store import appeals


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store it; an appeal itself is stored, with its words, by who files it. One of a sanction that staff undo is granted."""
    for event in outcome.events:
        if isinstance(event, e.AppealDecided):
            state: AppealState = "granted" if event.granted else "denied"
            await appeals.decide(db, event.appeal_id, state, described(outcome.by), outcome.at, event.reason)
        elif isinstance(event, e.SanctionLifted) and event.how == "undone":
            await appeals.settle(db, event.sanction_id, described(outcome.by), outcome.at, event.reason)
