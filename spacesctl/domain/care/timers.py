"""What ends by itself: the deadlines of a queue, and what happens when they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain.care import events as e
from spacesctl.domain.care.assigning import assign, opens_to
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.course import Course
from spacesctl.domain.care.queue import CareQueue


@dataclass(frozen=True)
class Deadline:
    """Something of a call that is over `at` a moment."""

    at: datetime
    call: Call
    comes: Callable[[Course, Call], None]


def deadlines(queue: CareQueue) -> Iterator[Deadline]:
    """All of a queue, in no order."""
    for call in queue.calls.values():
        yield from _of(queue, call)


def next_at(queue: CareQueue) -> datetime | None:
    """When to ask the queue again although nobody did anything; None: not before somebody does."""
    return min((*(one.at for one in deadlines(queue)), *_looks(queue)), default=None)


def elapse(course: Course) -> None:
    """What has come by now, the earliest first."""
    while (due := _first_due(course)) is not None:
        due.comes(course, due.call)
    assign(course)


def _first_due(course: Course) -> Deadline | None:
    due = [one for one in deadlines(course.queue) if one.at <= course.now]
    return min(due, key=lambda one: (one.at, one.call.number), default=None)


def _of(queue: CareQueue, call: Call) -> Iterator[Deadline]:
    settings = queue.settings
    if call.state == "wrapup":
        yield Deadline(call.wrapup_until or call.since, call, _wrapup_over)
        return
    if call.lost_at is not None:
        grace = settings.grace_talking if call.talks else settings.grace_waiting
        yield Deadline(call.lost_at + grace, call, _grace_over)
    if not call.waits:
        return
    if not call.breached and not call.was_answered:
        yield Deadline(call.enqueued_at + settings.sla_within, call, _breach)
    if settings.max_wait is not None and call.agent_id is None:
        waits_since = call.since if call.was_answered else call.enqueued_at
        yield Deadline(waits_since + settings.max_wait, call, _waited_too_long)
    if call.answer_by is not None:
        yield Deadline(call.answer_by, call, _no_answer)
    for until in call.offers.values():
        yield Deadline(until, call, _offer_over)


def _looks(queue: CareQueue) -> Iterator[datetime]:
    """When a call that waits becomes one for an agent who is available."""
    if not queue.settings.pushes:
        return
    free = [one for one in queue.agents.values() if one.state == "available"]
    for call in queue.calls.values() if free else ():
        if call.state == "queued" and call.lost_at is None:
            for agent in free:
                yield opens_to(queue, agent, call)


def _wrapup_over(course: Course, call: Call) -> None:
    course.end_wrapup(call, "time")


def _grace_over(course: Course, call: Call) -> None:
    if call.talks:
        course.end_talk(call, "lost")
    else:
        course.end_waiting(call, "abandoned", "lost")


def _breach(course: Course, call: Call) -> None:
    course.say(e.SlaBreached(call.id))


def _waited_too_long(course: Course, call: Call) -> None:
    course.end_waiting(call, "timed_out")


def _no_answer(course: Course, call: Call) -> None:
    """The caller did not open the microphone: once they are next again, the second time they are gone."""
    course.end_offer(call.id, call.agent_id or "", "no_show")
    if call.no_shows:
        course.end_waiting(course.queue.calls[call.id], "abandoned", "no_show")


def _offer_over(course: Course, call: Call) -> None:
    for agent_id, until in call.offers.items():
        if until <= course.now:
            course.end_offer(call.id, agent_id, "expired")
