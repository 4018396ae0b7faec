"""What operators publish of moderation: figures, and statements of reasons in the fields of the EU's transparency database."""

from __future__ import annotations

from spacesctl.api.wire import Answer, Page


class Figure(Answer, frozen=True, kw_only=True):
    """One number of a time. `section`: `reports`, `notices` (reports by people, in the categories of the EU's template), `restrictions`,
    `appeals` or `automated means`. `detail`: of which kind; empty: of all.
    """

    section: str
    figure: str
    detail: str
    value: float


class Figures(Answer, frozen=True, kw_only=True):
    """The figures of some days."""

    data: list[Figure]


class Statement(Answer, frozen=True, kw_only=True):
    """A statement of reasons; names and values are those of the database, dates are `YYYY-MM-DD`. What is null is left out when it is sent
    there.
    """

    decision_visibility: list[str] | None
    end_date_visibility_restriction: str | None
    decision_provision: str | None
    end_date_service_restriction: str | None
    decision_account: str | None
    end_date_account_restriction: str | None
    account_type: str
    decision_ground: str
    incompatible_content_ground: str
    incompatible_content_explanation: str
    content_type: list[str]
    category: str
    territorial_scope: list[str]
    content_language: str | None
    content_date: str
    application_date: str
    decision_facts: str
    source_type: str
    automated_detection: str
    automated_decision: str
    puid: str


class Statements(Page[Statement], frozen=True, kw_only=True):
    """A page of statements, the oldest first: at most a hundred, as many as the database takes at once."""
