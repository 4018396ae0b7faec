"""The view of a Space after each event: one table, to which the page is held too (tests/e2e/test_page_room.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacesctl.api.events import EPHEMERAL, EVENTS, read_event
from spacesctl.api.wire import dump, load
from spacesctl.client.room_changes import after
from spacesctl.client.room_view import RoomView

TABLE = json.loads((Path(__file__).parents[1] / "wire" / "room_cases.json").read_text())
NOT_IN_THE_VIEW = {
    "space.created", "reminders.sent", "invite.sent", "invite.answered", "person.readmitted", "person.restored",
    "sanction.imposed", "sanction.lifted", "rules.set", "act.taken", "suggestion.made",
    "suggestion.ended", "offence.counted", "breaker.tripped", "points.given", "report.filed",
    "evidence.kept", "report.assigned", "report.noted", "report.decided", "appeal.filed", "appeal.decided",
    "recording.consented", "reactions",
    "delay.changed", "redaction.made", "redaction.changed", "redaction.withdrawn", "redaction.missed",
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_an_event_changes_the_view(case: dict[str, Any]) -> None:
    given = {**TABLE["base"], **case["given"]}
    view = after(load(json.dumps(given), RoomView), read_event(json.dumps(case["event"])))
    assert json.loads(dump(view)) == {**given, **case["then"]}


def test_each_type_of_event_has_a_case_or_concerns_no_view() -> None:
    tried = {case["event"]["type"] for case in TABLE["cases"]}
    assert {*EVENTS, *EPHEMERAL} - tried == NOT_IN_THE_VIEW - {"reactions"}
