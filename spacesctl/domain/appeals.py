"""Appeals: the target of a sanction asks once that it be taken back, and somebody else decides. Pure, like all of `decide`.

Appeals of sanctions in a Space are events of the Space, also after its end. Blocks are of no Space: `application.appeals` asks the same
checks about them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import undo
from spacesctl.domain.appealed import Appealed
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal
from spacesctl.domain.sanctioning import lifted
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role

Events = list[e.Event]
WITHIN: Final = timedelta(days=14)
"""After a sanction began, in which it can be appealed."""
MOST_WAITING: Final = 500
"""Appeals of one host's sanctions that wait for an answer."""
_AN_HOUR: Final = 3600


def require_appeal(one: Appealed, by: Principal, now: datetime, *, state: str | None, waiting: int) -> None:
    """Check that `by` may appeal: its target, once (`state` is that of an earlier appeal), in time. Raises NotSignedIn, NotFound, Refused
    with reason `appealed`, `undone` or `too_late`, or TooMany."""
    if by.account_id is None:
        raise NotSignedIn
    if one.target_id != by.account_id:
        raise NotFound("sanction on you", one.sanction_id)
    if state is not None:
        raise Refused("appealed", f"you have appealed it; the appeal is {state}")
    if one.how == "undone":
        raise Refused("undone", "it was undone already")
    if now > one.since + WITHIN:
        raise Refused("too_late", f"a sanction can be appealed for {WITHIN.days} days")
    if waiting >= MOST_WAITING:
        raise TooMany("appeals that wait for an answer", _AN_HOUR)


def require_decision(one: Appealed, by: Principal, *, state: str, granted: bool, reason: str, others: bool) -> None:
    """Check that `by`, who may decide on appeals, may on this one. `others`: somebody else could. Raises NotAllowed, Invalid, or Refused
    with reason `decided`."""
    if by.account_id == one.target_id:
        raise NotAllowed("you cannot decide on your own appeal", reason=Action.DECIDE_APPEAL.value)
    if by.account_id is not None and by.account_id == one.by_id and others:
        raise NotAllowed(
            "the sanction is yours, so somebody else decides on its appeal; you may undo it",
            reason=Action.DECIDE_APPEAL.value,
        )
    if state != "open":
        raise Refused("decided", f"the appeal is {state} already")
    if not granted and not reason.strip():
        raise Invalid("reason", "say why it is denied: they are told")


def file_appeal(space: Space, command: c.FileAppeal, now: datetime) -> Events:
    """Appeal a sanction, also one that has ended. Raises what `require_appeal` does."""
    one = command.about
    require_appeal(one, command.by, now, state=command.state, waiting=command.waiting)
    return [e.AppealFiled(command.appeal_id, one.sanction_id, one.action, one.target_id)]


def decide_appeal(space: Space, command: c.DecideAppeal, now: datetime) -> Events:
    """Grant an appeal, which ends the sanction as `undo` does and dismisses its report, or deny it. Raises what refuses it."""
    require(space, command.by, Action.DECIDE_APPEAL)
    one = command.about
    others = command.operators or bool(_deciders(space) - {one.by_id, one.target_id})
    require_decision(
        one, command.by, state=command.state, granted=command.granted, reason=command.reason, others=others
    )
    decided = e.AppealDecided(
        command.appeal_id, one.sanction_id, one.action, one.target_id, command.granted, command.reason, one.act
    )
    if not command.granted:
        return [decided]
    report = command.report
    dismissed = report is not None and report.state != "dismissed"
    return [
        decided,
        *_taken_back(space, command, now),
        *([_dismissed(report)] if report is not None and dismissed else []),
    ]


def _deciders(space: Space) -> set[str]:
    """Who may decide on appeals, but for operators."""
    cohosts = set() if space.is_over else {one.account_id for one in space.with_role(Role.COHOST)}
    return {space.host_id, *cohosts}


def _taken_back(space: Space, command: c.DecideAppeal, now: datetime) -> Events:
    found = None if space.is_over else space.sanctions.get(command.about.sanction_id)
    if found is None:
        return []
    return [*undo.effects_reversed(space, found, now, blocked=command.apart), lifted(found, "undone", command.reason)]


def _dismissed(report: c.LinkedReport) -> e.ReportDecided:
    return e.ReportDecided(
        report.report_id, "dismissed", report.reporter_id, "an appeal was granted", report.target_id, report.assignee_id
    )
