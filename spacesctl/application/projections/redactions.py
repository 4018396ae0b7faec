"""The redactions of Spaces: what is kept from the audience, and what becomes of it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.live.outcome import Outcome
from spacesctl.store import redactions


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them."""
    for event in outcome.events:
        match event:
            case e.RedactionMade(redaction):
                await redactions.add(db, redaction, outcome.after.id, outcome.at)
            case e.RedactionChanged(redaction_id, first, last, mode, missed_to, reason):
                more = {} if reason is None else {"reason": reason}
                await redactions.change(
                    db, redaction_id, first_tick=first, last_tick=last, mode=mode, missed_to=missed_to, **more
                )
            case e.RedactionWithdrawn(redaction_id):
                await redactions.change(db, redaction_id, withdrawn=True)
            case e.RedactionMissed(redaction_id, missed_to):
                await redactions.change(db, redaction_id, missed_to=missed_to)
            case _:
                pass
