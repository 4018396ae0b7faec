"""The files of the EU's template: its columns, and in them what figures and statements say."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from spacesctl.api.transparency import Figure, Statement
from spacesctl.cli.transparency_parts import Part, parts
from spacesctl.domain import transparency as domain
from spacesctl.domain.transparency import Restriction, statement
from tests.domain.test_transparency import AT

PRIVACY = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
OTHER = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
FIGURES = [
    Figure(section="notices", figure="received", detail="", value=3),
    Figure(section="notices", figure="upheld", detail="", value=1),
    Figure(section="notices", figure="median hours until decided", detail="", value=2.5),
    Figure(section="notices", figure="received", detail=PRIVACY, value=3),
    Figure(section="notices", figure="upheld", detail=PRIVACY, value=1),
    Figure(section="appeals", figure="filed", detail="", value=4),
    Figure(section="appeals", figure="filed", detail="now denied", value=2),
    Figure(section="appeals", figure="filed", detail="now granted", value=1),
]


def made(action: str, decision: str = "not", *, reported: bool = False, category: str | None = None) -> Statement:
    rule = None if decision == "not" else "pitch"
    one = Restriction("s1", action, AT, None, rule, decision, category, reported, False)  # type: ignore[arg-type]
    return Statement(**vars(statement(one)))


def files(statements: list[Statement]) -> dict[str, list[dict[str, str]]]:
    return {part.name: cells(part) for part in parts(FIGURES, statements, "Rooms", "2026-01-01", "2026-12-31")}


def cells(part: Part) -> list[dict[str, str]]:
    text = io.StringIO()
    csv.writer(text).writerows((part.header, *part.rows))
    return [dict(row) for row in csv.DictReader(io.StringIO(text.getvalue()))]


def test_each_row_has_a_cell_for_each_column() -> None:
    found = parts(FIGURES, [made("mute"), made("kick", reported=True)], "Rooms", "2026-01-01", "2026-12-31")
    assert [part.name for part in found] == [
        "4_notices.csv", "6_own_initiative_TC.csv", "7_appeals_and_recidivism.csv", "8_automated_means.csv",
    ]  # fmt: skip
    assert [len(part.header) for part in found] == [25, 37, 8, 8]
    for part in found:
        assert part.rows
        assert {len(row) for row in part.rows} == {len(part.header)}
        assert len(set(part.header)) == len(part.header)
        assert {row[1:3] for row in part.rows} == {("Rooms", "2026-01-01/2026-12-31")}


def test_notices_are_reports_by_people_and_what_nobody_knows_is_empty() -> None:
    total, privacy = "TOTAL", PRIVACY
    rows = {row["Category of illegal content"]: row for row in files([])["4_notices.csv"]}
    assert set(rows) == {total, privacy}
    assert rows[privacy]["Number of notices received "] == "3"
    assert rows[total]["Median time to take action"] == "2.5"
    assert rows[privacy]["Median time to take action"] == ""
    assert rows[total]["Number of actions taken on the basis of the terms and conditions of the service"] == "1"
    for unknown in (
        "Number of notices received from Trusted flaggers",
        "Number of actions taken on the basis of the law",
    ):
        assert rows[total][unknown] == "", "it is not 0"


@pytest.mark.parametrize(
    ("action", "column"),
    [
        ("redact", "Visibility restriction Removal"),
        ("mute", "Visibility restriction Interaction restricted"),
        ("demote", "Visibility restriction Interaction restricted"),
        ("kick", "Provision of the service Suspension"),
        ("block", "Account restriction Suspension"),
        ("suspend", "Account restriction Suspension"),
        ("delete", "Account restriction Termination"),
    ],
)
def test_each_kind_of_restriction_has_its_column(action: str, column: str) -> None:
    [other, total] = files([made(action, "fully")])["6_own_initiative_TC.csv"]
    name = "Category of incompatibility with the provider's terms and conditions"
    assert (other[name], total[name]) == (OTHER, "TOTAL")
    counted = {key for key, value in total.items() if value == "1"}
    assert counted == {
        column,
        "Number of measures taken at the provider's own initiative ",
        "Number of measures taken after detection with solely automated means ",
    }


def test_every_kind_that_a_statement_can_have_is_known() -> None:
    kinds: Any = domain._WHAT
    for action in kinds:
        files([made(action)])


def test_what_a_report_led_to_is_not_at_ones_own_initiative() -> None:
    found = files([made("kick", reported=True, category="private_information"), made("mute", "partially")])
    [row] = [row for row in found["6_own_initiative_TC.csv"] if "TOTAL" in row.values()]
    assert row["Number of measures taken at the provider's own initiative "] == "1"
    values = {(row["Indicator"], row["Scope"]): row["Value"] for row in found["8_automated_means.csv"]}
    assert values["Number of measures solely taken by automated means", "Total number"] == "0"
    assert values["Number of measures not taken by automated means", "Total number"] == "2"
    assert values["Number of measures not taken by automated means", "Own-initiative"] == "1"
    assert values["Number of measures not taken by automated means", "Notices"] == "1"


def test_complaints_are_appeals() -> None:
    values = {row["Scope"]: row["Value"] for row in files([])["7_appeals_and_recidivism.csv"]}
    assert values == {
        "Total number": "4", "Decisions upheld": "2", "Decisions partially reversed": "0", "Decisions reversed": "1", "Median time": "",
    }  # fmt: skip
