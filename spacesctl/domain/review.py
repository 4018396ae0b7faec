"""What staff do with reports, also after the end: look after them, write notes, decide. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Invalid, NotAllowed, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal
from spacesctl.domain.space import Space

Events = list[e.Event]
REPORT_STATES = ("open", "upheld", "dismissed")
MOST_NOTES: Final = 50
"""Notes on one report."""


def decide_report(space: Space, command: c.DecideReport, now: datetime) -> Events:
    """Decide on a report. Raises NotAllowed or Invalid."""
    _require_reviewer(space, command.by, command.target_id, "decide on")
    if command.state not in REPORT_STATES:
        raise Invalid("state", f"is one of {', '.join(REPORT_STATES)}")
    if command.state == command.before:
        return []
    decided = e.ReportDecided(
        command.report_id, command.state, command.reporter_id, command.note, command.target_id, command.assignee_id
    )
    return [decided]


def assign_report(space: Space, command: c.AssignReport, now: datetime) -> Events:
    """Have somebody look after a report, or (no `assignee`) nobody. It is no lock: others may decide on it, too. Of two at once the second
    learns that somebody has it. Raises NotAllowed, or Refused with reason `assigned`, `not_staff` or `is_target`.
    """
    _require_reviewer(space, command.by, command.target_id, "assign")
    whom, held = command.assignee, command.holder
    before = held.account_id if held is not None else command.before_id
    if whom is None:
        return [] if before is None else [e.ReportAssigned(command.report_id, None, command.target_id, before)]
    if whom.account_id == command.target_id:
        raise Refused("is_target", "the report is about them")
    if not command.may_review:
        raise Refused("not_staff", f"@{whom.handle} moderates this Space no longer, or never did")
    if whom.account_id == before:
        return []
    if held is not None:
        raise Refused(
            "assigned", f"@{held.handle} looks after it already", hint="`reports assign REPORT --nobody` takes it back"
        )
    return [e.ReportAssigned(command.report_id, whom.account_id, command.target_id, before)]


def note_report(space: Space, command: c.NoteReport, now: datetime) -> Events:
    """Write a note on a report, for staff. Raises NotAllowed, Invalid, or Refused with reason `notes_full`."""
    _require_reviewer(space, command.by, command.target_id, "write on")
    if not command.text.strip():
        raise Invalid("text", "is empty")
    if command.count >= MOST_NOTES:
        raise Refused("notes_full", f"this report has {MOST_NOTES} notes; there are no more than that")
    return [e.ReportNoted(command.report_id, command.target_id)]


def _require_reviewer(space: Space, by: Principal, target_id: str | None, what: str) -> None:
    require(space, by, Action.DECIDE_REPORT)
    if target_id is not None and target_id == by.account_id:
        raise NotAllowed(f"you cannot {what} a report about yourself", reason=Action.DECIDE_REPORT.value)
