"""What staff do with reports, and appeals: requests, answers and events."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.accounts import Who
from spacesctl.api.wire import LINES, Answer, Given, Meta, Time

NoteText = Annotated[str, Meta(min_length=1, max_length=2_000, extra=LINES)]


class Assignment(Given, frozen=True, kw_only=True):
    """Who is to look after a report: a handle or an id."""

    account: str


class NewNote(Given, frozen=True, kw_only=True):
    """A note on a report."""

    text: NoteText


class ReportNote(Answer, frozen=True, kw_only=True):
    """A note on a report, for staff alone."""

    id: str
    by: Who
    text: str
    created_at: Time


class ReporterRecord(Answer, frozen=True, kw_only=True):
    """How many earlier reports of a reporter staff have upheld and dismissed."""

    upheld: int
    dismissed: int


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
