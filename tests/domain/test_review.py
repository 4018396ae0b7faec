"""Who looks after a report, and who writes on it."""

from __future__ import annotations

from typing import Any

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Invalid, NotAllowed, Refused
from spacesctl.domain.review import MOST_NOTES
from spacesctl.domain.space import Space
from tests.domain.scenes import (
    ADMIN,
    AN_ADMIN,
    ANN,
    COHOST,
    HOST,
    SPEAKER,
    Refusal,
    by,
    events,
    live,
    named,
    over,
    refusal,
)


def assign(who: str, whom: str | None, **facts: Any) -> c.AssignReport:
    assignee = None if whom is None else named(whom)
    return c.AssignReport(by(who), "7", assignee, **{"may_review": True, "target_id": SPEAKER, **facts})


def test_a_report_is_assigned_and_taken_back() -> None:
    assert events(live(), assign(HOST, COHOST)) == [e.ReportAssigned("7", COHOST, SPEAKER)]
    held = {"before_id": COHOST, "holder": named(COHOST)}
    assert events(live(), assign(HOST, None, **held)) == [e.ReportAssigned("7", None, SPEAKER, COHOST)]
    assert events(live(), assign(HOST, COHOST, **held)) == [], "they have it"
    assert events(live(), assign(HOST, None)) == [], "nobody has it"


def test_what_somebody_has_nobody_else_gets_while_they_are_on_the_staff() -> None:
    held = {"before_id": COHOST, "holder": named(COHOST)}
    assert refusal(live(), assign(HOST, HOST, **held)) == Refusal(Refused, "assigned", todo=True)
    gone = assign(HOST, HOST, before_id=COHOST)
    assert events(live(), gone) == [e.ReportAssigned("7", HOST, SPEAKER, COHOST)]


@pytest.mark.parametrize(
    ("command", "reason"),
    [(assign(HOST, SPEAKER), "is_target"), (assign(HOST, ANN, may_review=False), "not_staff")],
    ids=["whom it is about", "a listener"],
)
def test_reports_are_looked_after_by_staff_and_never_by_whom_they_are_about(
    command: c.AssignReport, reason: str
) -> None:
    assert refusal(live(), command) == Refusal(Refused, reason)


@pytest.mark.parametrize(
    "command",
    [assign(COHOST, HOST, target_id=COHOST), c.NoteReport(by(COHOST), "7", "x", target_id=COHOST)],
    ids=["assign", "note"],
)
def test_nobody_touches_a_report_about_themselves(command: c.Command) -> None:
    assert refusal(live(), command) == Refusal(NotAllowed, "decide_report")


@pytest.mark.parametrize(("space", "who"), [(live(), SPEAKER), (live(), ANN), (over(), COHOST)])
@pytest.mark.parametrize("kind", ["assign", "note"])
def test_only_staff_does_and_after_the_end_the_host(space: Space, who: str, kind: str) -> None:
    command = assign(who, HOST, target_id=None) if kind == "assign" else c.NoteReport(by(who), "7", "x")
    assert refusal(space, command) == Refusal(NotAllowed, "decide_report")


def test_an_operator_and_after_the_end_the_host_go_on() -> None:
    assert events(over(), c.AssignReport(AN_ADMIN, "7", named(ADMIN), may_review=True))
    assert events(over(), c.NoteReport(by(HOST), "7", "x")) == [e.ReportNoted("7", None)]


def test_notes_have_words_and_are_no_more_than_so_many() -> None:
    assert events(live(), c.NoteReport(by(HOST), "7", "x", ANN, MOST_NOTES - 1)) == [e.ReportNoted("7", ANN)]
    assert refusal(live(), c.NoteReport(by(HOST), "7", "x", ANN, MOST_NOTES)) == Refusal(Refused, "notes_full")
    with pytest.raises(Invalid):
        events(live(), c.NoteReport(by(HOST), "7", " \n", ANN))
