"""Restrictions as statements of reasons, in the fields of the European Commission's transparency database (its API's version 2, of July
2025).

Only what is known is stated: a Space's own rules were broken, never that a law was. No personal data: no names, no words that were said,
and not the reasons that people typed, which may hold both. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from spacesctl.domain.words import Category

Action = Literal["redact", "mute", "demote", "kick", "block", "suspend", "delete"]
Decision = Literal["fully", "partially", "not"]
EU: Final = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL",
    "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
EEA: Final = tuple(sorted((*EU, "IS", "LI", "NO")))
_OTHER: Final = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
CATEGORIES: Final[Mapping[Category, str]] = {
    "self_harm": "STATEMENT_CATEGORY_SELF_HARM",
    "violence": "STATEMENT_CATEGORY_VIOLENCE",
    "sexual_content": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
    "child_safety": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
    "private_information": "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "abuse": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
    "spam": _OTHER,
    "other": _OTHER,
}
"""What the database calls the categories of reports."""
_WHAT: Final[Mapping[Action, str]] = {
    "redact": "A stretch of what the recipient said was silenced before the delayed audience heard it.",
    "mute": "The recipient's microphone was closed in the room.",
    "demote": "The recipient was moved from the stage to the audience.",
    "kick": "The recipient was removed from the room.",
    "block": "The recipient was shut out of the rooms of this host.",
    "suspend": "The recipient's account was suspended by an operator.",
    "delete": "The recipient's account was deleted by an operator.",
}
_PUID: Final = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Restriction:
    """What was done to somebody. `until` is when it ends or ended, None while no end is known. `rule`: the id of the rule that found it;
    `decision`: how far it was decided without a person. `category` is that of the report behind it, `reported`: a person filed that.
    """

    id: str
    action: Action
    at: datetime
    until: datetime | None
    rule: str | None
    decision: Decision
    category: str | None
    reported: bool
    is_business: bool


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement of reasons; the fields and their values are the database's. Dates are `YYYY-MM-DD` in UTC."""

    decision_visibility: Sequence[str] | None = None
    end_date_visibility_restriction: str | None = None
    decision_provision: str | None = None
    end_date_service_restriction: str | None = None
    decision_account: str | None = None
    end_date_account_restriction: str | None = None
    account_type: str
    decision_ground: str = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    incompatible_content_ground: str
    incompatible_content_explanation: str
    content_type: Sequence[str] = ("CONTENT_TYPE_AUDIO",)
    category: str
    territorial_scope: Sequence[str]
    content_language: str | None = None
    content_date: str
    application_date: str
    decision_facts: str
    source_type: str
    automated_detection: str
    automated_decision: str
    puid: str


def statement(one: Restriction, territory: Sequence[str] = EEA, language: str | None = None) -> Statement:
    """The statement about a restriction; `territory` are countries of the EEA, `language` an ISO 639-1 code."""
    day, end = _day(one.at), _day(one.until) if one.until is not None else None
    is_visibility = one.action in ("redact", "mute", "demote")
    is_account = one.action in ("block", "suspend", "delete")
    rule = (
        f"the rule {one.rule!r} of the room's host"
        if one.rule is not None
        else "the rules of the room or of the server"
    )
    return Statement(
        decision_visibility=[_visibility(one.action)] if is_visibility else None,
        end_date_visibility_restriction=end if is_visibility and one.action != "redact" else None,
        decision_provision="DECISION_PROVISION_PARTIAL_SUSPENSION" if one.action == "kick" else None,
        end_date_service_restriction=end if one.action == "kick" else None,
        decision_account=_account(one.action) if is_account else None,
        end_date_account_restriction=end if is_account and one.action != "delete" else None,
        account_type="ACCOUNT_TYPE_BUSINESS" if one.is_business else "ACCOUNT_TYPE_PRIVATE",
        incompatible_content_ground=f"By joining, the recipient accepted {rule}.",
        incompatible_content_explanation=f"What was said or done in a live audio room was found to break {rule}.",
        category=category_of(one.category),
        territorial_scope=sorted(territory),
        content_language=language,
        content_date=day,
        application_date=day,
        decision_facts=f"{_WHAT[one.action]} {_how_found(one)}",
        source_type="SOURCE_TYPE_OTHER_NOTIFICATION" if one.reported else "SOURCE_VOLUNTARY",
        automated_detection="Yes" if one.rule is not None else "No",
        automated_decision=_DECISIONS[one.decision],
        puid=_PUID.sub("-", one.id),
    )


_DECISIONS: Final[Mapping[Decision, str]] = {
    "fully": "AUTOMATED_DECISION_FULLY",
    "partially": "AUTOMATED_DECISION_PARTIALLY",
    "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
}


def _visibility(action: Action) -> str:
    what = "REMOVED" if action == "redact" else "INTERACTION_RESTRICTED"
    return f"DECISION_VISIBILITY_CONTENT_{what}"


def _account(action: Action) -> str:
    return "DECISION_ACCOUNT_TERMINATED" if action == "delete" else "DECISION_ACCOUNT_SUSPENDED"


def category_of(named: str | None) -> str:
    """What the database calls a category of reports."""
    return next((found for name, found in CATEGORIES.items() if name == named), _OTHER)


def _how_found(one: Restriction) -> str:
    found = {
        "fully": "Speech recognition and a rule found it, and it was done without a person.",
        "partially": "Speech recognition and a rule found it, and a person confirmed it.",
        "not": "A person decided it.",
    }[one.decision]
    return f"{found} A report by another recipient came before it." if one.reported else found


def _day(at: datetime) -> str:
    return at.date().isoformat()
