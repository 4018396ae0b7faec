"""What of a text is kept from the audience, and the numbers that nobody keeps."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.speech import TextMark
from spacesctl.live.masks import marked
from spacesctl.live.outcome import Outcome
from spacesctl.store import texts


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store it."""
    space_id = outcome.after.id
    for event in outcome.events:
        if isinstance(event, e.TextMasked | e.TextErased):
            known = await texts.marks(db, space_id, [event.number])
            await texts.put_mark(db, space_id, event.number, marked(known.get(event.number), event))
            if isinstance(event, e.TextMasked) and event.digits:
                await texts.hide_numbers(db, space_id, event.number, TextMark(event.words))
