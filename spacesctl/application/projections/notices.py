"""Everybody that an event concerns gets a direct message, no matter who caused it: a person, a rule or the clock.

People get none about what they did themselves, none across a block with the host or with who acts, and no more than `Pace` admits. What a
person did comes from that person, the rest from the bundled bot.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.projections.notice_context import Notice, context_of
from spacesctl.application.projections.notice_texts import WRITERS
from spacesctl.application.projections.pace import Pace
from spacesctl.domain.principals import Person
from spacesctl.live.outcome import Outcome
from spacesctl.store import direct_messages


class Notices:
    """`project` writes the notices of a request. `bot_id` sends what no person sends; `link` is a Space's public address."""

    def __init__(self, bot_id: str, link: Callable[[str], str]) -> None:
        self._bot_id = bot_id
        self._link = link
        self._pace = Pace()

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
                if self._is_due(notice, outcome, context.apart, sender):
                    await direct_messages.send_dm(
                        db,
                        sender or self._bot_id,
                        notice.to,
                        notice.text,
                        outcome.at,
                        kind=notice.kind,
                        space_id=space_id,
                        act_key=notice.act,
                        quoted=notice.quoted,
                    )

    def _is_due(self, notice: Notice, outcome: Outcome, apart: frozenset[str], sender: str | None) -> bool:
        if notice.to in (self._bot_id, outcome.by.account_id) or (notice.to in apart and not notice.across):
            return False
        key = (sender, notice.to) if sender is not None else (self._bot_id, notice.to, outcome.after.id)
        return notice.kind == "reminder" or self._pace.admits(key, outcome.at)
