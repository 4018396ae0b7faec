"""What a rule's `ladder:NAME` leads to. Pure, like all of `decide`.

Each offence gives as many points as its rule is severe; those of the account that have not expired say which step is taken. A sanction that
is undone takes the points of its act back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import suggested
from spacesctl.domain.ladder import Points
from spacesctl.domain.space import Space

MOST_POINTS: Final = 2000
"""Acts whose points are kept. Of more those are forgotten that are oldest."""
NO_STEP: Final = "log"
"""What is done while no step is reached."""


def points(space: Space, ladder: str, account_id: str, now: datetime) -> int:
    """Those of an account that have not expired."""
    return sum(
        one.points for one in space.points if (one.ladder, one.account_id) == (ladder, account_id) and one.until > now
    )


def resolved(space: Space, command: c.TakeAct, now: datetime) -> c.TakeAct:
    """The command with the action of the step that is reached, in place of the ladder."""
    ladder = command.ladder
    if ladder is None:
        return command
    has = points(space, ladder.name, command.person.account_id, now)
    if command.mode == "suggest":
        has += suggested.pending(space, ladder.name, command.person.account_id)
    step = ladder.step(has + command.terms.severity)
    if step is None:
        return replace(command, action=NO_STEP)
    until = None if step.seconds is None else now + timedelta(seconds=step.seconds)
    return replace(command, action=step.do, until=until)


def given(command: c.TakeAct, now: datetime) -> list[e.Event]:
    """The event that gives the points of an act, if it is one of a ladder."""
    ladder, whom = command.ladder, command.person.account_id
    if ladder is None:
        return []
    until = now + timedelta(seconds=ladder.expire)
    return [e.PointsGiven(ladder.name, whom, command.terms.severity, command.key, until)]


def kept(space: Space, event: e.PointsGiven, now: datetime) -> Space:
    """The Space after points were given."""
    made = Points(event.ladder, event.account_id, event.points, event.key, event.until)
    still = [one for one in space.points if one.until > now]
    return replace(space, points=(*still[-(MOST_POINTS - 1) :], made))


def reversed_by(space: Space, event: e.AppealDecided) -> Space:
    """The Space without the points of an act whose sanction was appealed with success, also one that had ended."""
    if not event.granted or not event.act:
        return space
    return replace(space, points=tuple(one for one in space.points if one.key != event.act))


def taken_back(space: Space, event: e.SanctionLifted) -> Space:
    """The Space without the points of a sanction that was undone."""
    sanction = space.sanctions.get(event.sanction_id)
    if event.how != "undone" or sanction is None or not sanction.evidence:
        return space
    return replace(space, points=tuple(one for one in space.points if one.key != sanction.evidence))
