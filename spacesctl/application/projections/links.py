"""Links that sign their invitee in: they go with the invitation."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.words import InviteState
from spacesctl.live.outcome import Outcome
from spacesctl.store import links


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Drop those of an invitation that was revoked."""
    for event in outcome.events:
        if isinstance(event, e.InviteAnswered) and event.state is InviteState.REVOKED:
            await links.drop_to_space(db, event.account_id, outcome.after.id)
