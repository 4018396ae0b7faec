"""What staff do with reports, and appeals."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.accounts import Who
from spacesctl.api.by import By
from spacesctl.api.captions import SpokenWord
from spacesctl.api.people import Sanction
from spacesctl.api.wire import LINES, Answer, Given, Meta, Time
from spacesctl.domain.words import AppealState

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


class RegressionCase(Answer, frozen=True, kw_only=True):
    """What somebody said on which a rule acted, and staff took it back: the rule `rule` is not to find anything in these words. Nobody is
    named."""

    id: str
    rule: str
    expect: Literal["nothing"] = "nothing"
    words: list[SpokenWord]
    space_id: str
    rule_hash: str
    """The hash of the rule file that found it."""
    created_at: Time


class NewAppeal(Given, frozen=True, kw_only=True):
    """Why a sanction is to be taken back."""

    text: Annotated[str, Meta(max_length=2_000, extra=LINES)] = ""


class AppealDecision(Given, frozen=True, kw_only=True):
    """What is decided on an appeal. A denial needs a reason; who appealed is told it."""

    state: Literal["granted", "denied"]
    reason: Annotated[str, Meta(max_length=280)] = ""


class OwnAppeal(Answer, frozen=True, kw_only=True):
    """An appeal, beside its sanction."""

    id: str
    text: str
    state: AppealState
    created_at: Time
    decided_at: Time | None
    reason: str | None
    """Why it was decided so."""


class Appeal(OwnAppeal, frozen=True, kw_only=True):
    """An appeal of a sanction."""

    title: str | None
    """That of the Space; null for a block."""
    sanction: Sanction
    decided_by: By | None


class WholeSanction(Sanction, frozen=True, kw_only=True):
    """A sanction with what it stands on."""

    automatic: bool
    """Whether a rule imposed it."""
    rule: str | None
    """The id of that rule."""
    rule_text: str | None
    """The rule as it stood in its file."""
    words: list[SpokenWord]
    """What was recognised: by the rule, or for the report that staff acted on."""
    text: str
    """The same as one text."""
    start_tick: int | None
    sound: bool
    """Whether there is sound of the target, and of nobody else."""
    appeal: OwnAppeal | None
    appeal_until: Time
    report_id: str | None
    """The report that goes with it; null for the target, who does not learn who reported."""
