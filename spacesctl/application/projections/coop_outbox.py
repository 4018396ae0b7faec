"""What Coop is to get of reports and appeals: queued with the events, if a Coop is connected."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.live.outcome import Outcome
from spacesctl.store import coop

WORDS_WITHIN: Final = timedelta(seconds=30)
"""How long a person's report waits for words, and numbers among them, that are recognised after it was filed. A rule's has them."""


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Queue their ids."""
    for event in outcome.events:
        if isinstance(event, e.AppealFiled):
            await coop.enqueue(db, "appeal", event.appeal_id, outcome.at, outcome.at)
        elif isinstance(event, e.ReportFiled) and event.act:
            await coop.enqueue(db, "rule", event.report_id, outcome.at, outcome.at)
        elif isinstance(event, e.ReportFiled):
            await coop.enqueue(db, "report", event.report_id, outcome.at, outcome.at + WORDS_WITHIN)
