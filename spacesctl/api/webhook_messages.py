"""The messages to webhooks. They carry no transcript, no handles and no notes of reports."""

from __future__ import annotations

from typing import Generic, TypeVar

from spacesctl.api.wire import Answer, Time
from spacesctl.domain.words import RuleMode, State

T = TypeVar("T", bound=Answer)


class WebhookSpace(Answer, frozen=True, kw_only=True):
    """The Space that a message is about."""

    id: str
    state: State
    title: str
    host_id: str
    scheduled_start: Time | None
    started_at: Time | None
    ended_at: Time | None
    series_id: str | None
    link: str


class AboutSpace(Answer, frozen=True, kw_only=True):
    """A Space was created, started, ended, canceled or missed."""

    space: WebhookSpace


class RaisedHandMessage(AboutSpace, frozen=True, kw_only=True):
    """An account asked to speak."""

    account_id: str


class CreatedReport(Answer, frozen=True, kw_only=True):
    """A report about an account or, with null, the Space."""

    id: str
    category: str
    account_id: str | None


class CreatedReportMessage(AboutSpace, frozen=True, kw_only=True):
    """A report was filed."""

    report: CreatedReport


class TakenAct(Answer, frozen=True, kw_only=True):
    """What a rule did or, in the modes `shadow`, `suggest` and `held`, would have done."""

    key: str
    rule_id: str
    mode: RuleMode
    action: str
    account_id: str
    """Empty for what is about the Space itself."""
    lane: int
    start_tick: int
    end_tick: int


class TakenActMessage(AboutSpace, frozen=True, kw_only=True):
    """A rule acted."""

    act: TakenAct


class WebhookPing(Answer, frozen=True, kw_only=True):
    """A test."""

    webhook_id: str


class WebhookMessage(Answer, Generic[T], frozen=True, kw_only=True):
    """The body of a request to a webhook."""

    type: str
    timestamp: Time
    data: T


MESSAGES: dict[str, type[Answer]] = {
    "spaces.create": AboutSpace,
    "spaces.start": AboutSpace,
    "spaces.end": AboutSpace,
    "spaces.cancel": AboutSpace,
    "spaces.missed": AboutSpace,
    "hand.raised": RaisedHandMessage,
    "report.created": CreatedReportMessage,
    "act.taken": TakenActMessage,
    "ping": WebhookPing,
}
"""The `data` of each type."""
