"""What staff do with reports. `events.py` has them, too. What is written in notes is not among it: that is for those who look a report
up."""

from __future__ import annotations

from dataclasses import dataclass

from spacesctl.domain.event import Event


@dataclass(frozen=True)
class ReportDecided(Event):
    """Staff decided on a report that the account `reporter_id` filed about `account_id`, or opened it again: `state` is `upheld`,
    `dismissed` or `open`. `assignee_id` is who looks after it."""

    type = "report.decided"
    report_id: str
    state: str
    reporter_id: str
    note: str = ""
    account_id: str | None = None
    assignee_id: str | None = None


@dataclass(frozen=True)
class ReportAssigned(Event):
    """The account `assignee_id` (None: nobody any longer) looks after a report about `account_id`. `before_id` did until then."""

    type = "report.assigned"
    report_id: str
    assignee_id: str | None
    account_id: str | None
    before_id: str | None = None


@dataclass(frozen=True)
class ReportNoted(Event):
    """Staff wrote a note on a report about `account_id`."""

    type = "report.noted"
    report_id: str
    account_id: str | None
