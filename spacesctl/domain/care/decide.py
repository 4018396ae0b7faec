"""`decide_all(queue, commands, now)`: what follows from commands and from the time that has passed. Pure.

First comes what was due before, then the commands, then who is available is offered what waits. An error means that nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from spacesctl.domain.care import agents, callers, hours
from spacesctl.domain.care import commands as c
from spacesctl.domain.care.course import Course
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.timers import elapse
from spacesctl.domain.event import Event


def decide_all(
    queue: CareQueue | None, commands: Sequence[c.CareCommand], now: datetime
) -> tuple[list[Event], CareQueue]:
    """The events, and the queue after them. Raises what refuses a command: NotSignedIn, NotAllowed, NotFound, Invalid or Refused."""
    course = Course(queue or CareQueue(), now)
    elapse(course)
    for command in commands:
        _DECIDE[type(command)](course, command)
        elapse(course)
    return course.events, course.queue


def _elapse(course: Course, command: c.Elapse) -> None:
    callers.require_system(command)


Command = TypeVar("Command", bound=c.CareCommand)


def _on(kind: type[Command], do: Callable[[Course, Command], None]) -> Callable[[Course, c.CareCommand], None]:
    def ask(course: Course, command: c.CareCommand) -> None:
        if isinstance(command, kind):
            do(course, command)

    return ask


_DECIDE: dict[type[c.CareCommand], Callable[[Course, c.CareCommand], None]] = {
    c.OpenCare: _on(c.OpenCare, hours.open_care),
    c.CloseCare: _on(c.CloseCare, hours.close_care),
    c.RemoveAgent: _on(c.RemoveAgent, hours.remove_agent),
    c.Queue: _on(c.Queue, callers.queue_up),
    c.Leave: _on(c.Leave, callers.leave),
    c.SetPriority: _on(c.SetPriority, callers.set_priority),
    c.DeclineCall: _on(c.DeclineCall, callers.decline_call),
    c.Ready: _on(c.Ready, agents.ready),
    c.Break: _on(c.Break, agents.take_break),
    c.Away: _on(c.Away, agents.away),
    c.Next: _on(c.Next, agents.take_next),
    c.Take: _on(c.Take, agents.take),
    c.Hold: _on(c.Hold, agents.hold),
    c.Resume: _on(c.Resume, agents.resume),
    c.Requeue: _on(c.Requeue, agents.requeue),
    c.HangUp: _on(c.HangUp, agents.hang_up),
    c.Wrap: _on(c.Wrap, agents.wrap),
    c.Answered: _on(c.Answered, callers.answered),
    c.Lost: _on(c.Lost, hours.lost),
    c.Returned: _on(c.Returned, hours.returned),
    c.Elapse: _on(c.Elapse, _elapse),
}
