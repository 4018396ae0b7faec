"""What staff do with reports, and what becomes of appeals. `events.py` has them, too. What is written in notes and appeals is not among
it: that is for those who look them up."""

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


@dataclass(frozen=True)
class AppealFiled(Event):
    """The account `account_id` appealed a sanction on itself."""

    type = "appeal.filed"
    appeal_id: str
    sanction_id: str
    action: str
    account_id: str


@dataclass(frozen=True)
class AppealDecided(Event):
    """Staff decided on an appeal: a `granted` one took the sanction back. `act` is the key of the rule's act that led to the sanction."""

    type = "appeal.decided"
    appeal_id: str
    sanction_id: str
    action: str
    account_id: str
    granted: bool
    reason: str = ""
    act: str = ""
