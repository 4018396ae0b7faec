"""What staff do with reports, and what becomes of appeals."""

from __future__ import annotations

from spacesctl.api.wire import Answer


class ReportDecided(Answer, frozen=True, kw_only=True):
    """Staff decided on a report that the account `reporter_id` filed about `account_id` (null: the Space), or opened it again.
    `assignee_id` looks after it. Not shown to the account that it is about."""

    report_id: str
    state: str
    reporter_id: str
    note: str = ""
    account_id: str | None = None
    assignee_id: str | None = None


class ReportAssigned(Answer, frozen=True, kw_only=True):
    """The account `assignee_id` (null: nobody any longer) looks after a report about `account_id`; until now `before_id` did. Not shown to
    the account that it is about."""

    report_id: str
    assignee_id: str | None
    account_id: str | None
    before_id: str | None = None


class ReportNoted(Answer, frozen=True, kw_only=True):
    """Staff wrote a note on a report about `account_id`. Not shown to the account that it is about."""

    report_id: str
    account_id: str | None


class AppealFiled(Answer, frozen=True, kw_only=True):
    """The account `account_id` appealed a sanction on itself."""

    appeal_id: str
    sanction_id: str
    action: str
    account_id: str


class AppealDecided(Answer, frozen=True, kw_only=True):
    """Staff decided on an appeal of `account_id`: a `granted` one took the sanction back. `act` is the key of the rule's act that led to
    it."""

    appeal_id: str
    sanction_id: str
    action: str
    account_id: str
    granted: bool
    reason: str = ""
    act: str = ""
