"""What each event writes, in the transaction that stores it, no matter who caused it. `in_order` is the order.

The log comes first: `Transaction.ask` itself saves the Space and its events.
"""

from __future__ import annotations

from collections.abc import Callable

from spacesctl.application.projections import (
    appeals,
    audit,
    coop_outbox,
    links,
    recordings,
    redactions,
    regressions,
    reports,
    sanctions,
    texts,
    webhook_outbox,
)
from spacesctl.application.projections.notices import Notices
from spacesctl.live.outcome import Projection


def in_order(bot_id: str, link: Callable[[str], str]) -> tuple[Projection, ...]:
    """All projections. `bot_id` is the bundled bot's, which sends what no person sends; `link` is a Space's public address."""
    notices = Notices(bot_id, link).project
    return (
        audit.project,
        webhook_outbox.project,
        coop_outbox.project,
        notices,
        reports.project,
        sanctions.project,
        appeals.project,
        links.project,
        regressions.project,
        recordings.project,
        redactions.project,
        texts.project,
    )
