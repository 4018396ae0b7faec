"""Everybody that an event concerns gets a direct message, no matter who caused it: a person, a rule or the clock.

People get none about what they did themselves. What a person did comes from that person, the rest from the bundled bot.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.projections.notice_context import context_of
from spacesctl.application.projections.notice_texts import WRITERS
from spacesctl.domain.principals import Person
from spacesctl.live.outcome import Outcome
from spacesctl.store import direct_messages


class Notices:
    """`project` writes the notices of a request. `bot_id` sends what no person sends; `link` is a Space's public address."""

    def __init__(self, bot_id: str, link: Callable[[str], str]) -> None:
        self._bot_id = bot_id
        self._link = link

    async def project(self, db: AsyncConnection, outcome: Outcome) -> None:
        """Write a direct message for each event to each account that it concerns."""
        told = [event for event in outcome.events if type(event) in WRITERS]
        if not told:
            return
        space_id = outcome.after.id
        context = await context_of(db, outcome, told, self._link(space_id))
        sender = outcome.by.account_id if isinstance(outcome.by, Person) else None
        for event in told:
            for notice in WRITERS[type(event)](context, event):
                if notice.to not in (self._bot_id, outcome.by.account_id):
                    await direct_messages.send_dm(
                        db, sender or self._bot_id, notice.to, notice.text, outcome.at, kind=notice.kind, space_id=space_id
                    )  # fmt: skip
