"""Statements of reasons: each fits the field list of the EU's transparency database and says what was done, and no more."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.transparency import CATEGORIES, EEA, EU, Action, Decision, Restriction, Statement, statement
from spacesctl.domain.words import Category

AT = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
ONE_OF: Final = {
    "decision_visibility": {
        f"DECISION_VISIBILITY_{one}"
        for one in (
            "CONTENT_REMOVED", "CONTENT_DISABLED", "CONTENT_DEMOTED", "CONTENT_AGE_RESTRICTED", "CONTENT_INTERACTION_RESTRICTED",
            "CONTENT_LABELLED", "OTHER",
        )
    },
    "decision_provision": {
        f"DECISION_PROVISION_{one}" for one in ("PARTIAL_SUSPENSION", "TOTAL_SUSPENSION", "PARTIAL_TERMINATION", "TOTAL_TERMINATION")
    },
    "decision_account": {"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"},
    "account_type": {"ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"},
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "content_type": {f"CONTENT_TYPE_{one}" for one in ("APP", "AUDIO", "IMAGE", "PRODUCT", "SYNTHETIC_MEDIA", "TEXT", "VIDEO", "OTHER")},
    "category": {
        f"STATEMENT_CATEGORY_{one}"
        for one in (
            "ANIMAL_WELFARE", "CONSUMER_INFORMATION", "CYBER_VIOLENCE", "CYBER_VIOLENCE_AGAINST_WOMEN",
            "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "ILLEGAL_OR_HARMFUL_SPEECH", "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
            "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS", "NOT_SPECIFIED_NOTICE", "OTHER_VIOLATION_TC", "PROTECTION_OF_MINORS",
            "RISK_FOR_PUBLIC_SECURITY", "SCAMS_AND_FRAUD", "SELF_HARM", "UNSAFE_AND_PROHIBITED_PRODUCTS", "VIOLENCE",
        )
    },
    "source_type": {"SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"},
    "automated_detection": {"Yes", "No"},
    "automated_decision": {"AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_NOT_AUTOMATED"},
}  # fmt: skip
"""The values that the database takes, of its published field list (API version 2)."""
REQUIRED: Final = {
    "decision_ground", "content_type", "category", "territorial_scope", "content_date", "application_date", "decision_facts", "source_type",
    "automated_detection", "automated_decision", "puid", "incompatible_content_ground", "incompatible_content_explanation",
}  # fmt: skip
DECISIONS: Final = {"decision_visibility", "decision_monetary", "decision_provision", "decision_account"}
ENDS: Final = {
    "end_date_visibility_restriction": "decision_visibility",
    "end_date_service_restriction": "decision_provision",
    "end_date_account_restriction": "decision_account",
}
LENGTHS: Final = {
    "decision_facts": 5000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "puid": 500,
}


def complaints(made: Statement) -> list[str]:
    """What the database would refuse."""
    fields = {name: value for name, value in vars(made).items() if value is not None}
    found = [f"{name} is missing" for name in sorted(REQUIRED - set(fields))]
    found += [] if DECISIONS & set(fields) else ["no decision"]
    for name, allowed in ONE_OF.items():
        given_ = fields.get(name, [])
        values = [given_] if isinstance(given_, str) else given_
        found += [f"{name}: {value}" for value in values if value not in allowed]
    found += [f"{name} is longer than {most}" for name, most in LENGTHS.items() if len(fields[name]) > most]
    found += [f"puid: {made.puid}" for _ in range(1) if not re.fullmatch(r"[A-Za-z0-9_-]+", made.puid)]
    found += [f"territory: {one}" for one in made.territorial_scope if one not in EEA]
    for name in ("content_date", "application_date", *(ENDS.keys() & fields.keys())):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", fields[name]) or date.fromisoformat(fields[name]) < date(2020, 1, 1):
            found.append(f"{name}: {fields[name]}")
    found += [f"{end} without {what}" for end, what in ENDS.items() if end in fields and what not in fields]
    found += [f"{end} is before it began" for end in ENDS.keys() & fields.keys() if fields[end] < made.application_date]
    return found


def done(action: Action = "mute", **changed: object) -> Restriction:
    fields: dict[str, object] = {
        "id": "AbCdEfGh12345-3", "action": action, "at": AT, "until": None, "rule": None, "decision": "not", "category": None,
        "reported": False, "is_business": False,
    }  # fmt: skip
    return Restriction(**(fields | changed))  # type: ignore[arg-type]


restrictions = st.builds(
    Restriction,
    id=st.text(min_size=1, max_size=40),
    action=st.sampled_from(get_args(Action)),
    at=st.integers(0, 25_000).map(lambda days: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=days)),
    until=st.none(),
    rule=st.none() | st.text(max_size=64),
    decision=st.sampled_from(get_args(Decision)),
    category=st.none() | st.text() | st.sampled_from(get_args(Category)),
    reported=st.booleans(),
    is_business=st.booleans(),
)


@given(
    restrictions, st.none() | st.timedeltas(timedelta(0), timedelta(days=9_000)), st.sampled_from([EU, EEA, ("DE",)])
)
def test_every_statement_fits_the_field_list(
    one: Restriction, lasts: timedelta | None, territory: tuple[str, ...]
) -> None:
    until = one.at + lasts if lasts is not None else None
    assert complaints(statement(Restriction(**{**vars(one), "until": until}), territory, "EN")) == []


def test_every_category_of_reports_has_one_there() -> None:
    assert set(CATEGORIES) == set(get_args(Category))
    assert set(CATEGORIES.values()) <= ONE_OF["category"]


@pytest.mark.parametrize(
    ("action", "field", "value", "end"),
    [
        ("redact", "decision_visibility", ["DECISION_VISIBILITY_CONTENT_REMOVED"], None),
        (
            "mute",
            "decision_visibility",
            ["DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"],
            "end_date_visibility_restriction",
        ),
        (
            "demote",
            "decision_visibility",
            ["DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"],
            "end_date_visibility_restriction",
        ),
        ("kick", "decision_provision", "DECISION_PROVISION_PARTIAL_SUSPENSION", "end_date_service_restriction"),
        ("block", "decision_account", "DECISION_ACCOUNT_SUSPENDED", "end_date_account_restriction"),
        ("suspend", "decision_account", "DECISION_ACCOUNT_SUSPENDED", "end_date_account_restriction"),
        ("delete", "decision_account", "DECISION_ACCOUNT_TERMINATED", None),
    ],
)
def test_each_action_is_the_decision_that_it_is(action: Action, field: str, value: object, end: str | None) -> None:
    made = vars(statement(done(action, until=AT + timedelta(days=3))))
    assert made[field] == value
    assert [name for name in DECISIONS & set(made) if made[name] is not None] == [field]
    assert [name for name in ENDS if made[name] is not None] == ([end] if end else [])
    assert end is None or made[end] == "2026-12-03"


@pytest.mark.parametrize(
    ("decision", "rule", "reported", "detected", "decided", "source"),
    [
        ("fully", "scam", False, "Yes", "FULLY", "SOURCE_VOLUNTARY"),
        ("partially", "scam", False, "Yes", "PARTIALLY", "SOURCE_VOLUNTARY"),
        ("not", None, False, "No", "NOT_AUTOMATED", "SOURCE_VOLUNTARY"),
        ("not", None, True, "No", "NOT_AUTOMATED", "SOURCE_TYPE_OTHER_NOTIFICATION"),
    ],
)
def test_who_found_and_who_decided_it_is_said(
    decision: Decision, rule: str | None, reported: bool, detected: str, decided: str, source: str
) -> None:
    made = statement(done(decision=decision, rule=rule, reported=reported))
    assert (made.automated_detection, made.automated_decision) == (detected, f"AUTOMATED_DECISION_{decided}")
    assert made.source_type == source


def test_no_law_is_said_to_be_broken() -> None:
    made = statement(done(rule="scam", decision="fully", category="spam"))
    assert made.decision_ground == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert not any("illegal" in str(value).lower() for value in vars(made).values())
