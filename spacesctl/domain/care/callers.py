"""What callers and staff ask of calls."""

from __future__ import annotations

from typing import Final

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.course import Course
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn, Refused
from spacesctl.domain.principals import System

MAX_NOTE: Final = 280
MOST_PRIORITY: Final = 1_000


def queue_up(course: Course, command: c.Queue) -> None:
    """Wait; who waits already keeps the place. Raises NotSignedIn, Invalid, or Refused with reason `care_closed`, `queue_full`, `is_agent`
    or `on_call`."""
    me = command.by.account_id
    if me is None:
        raise NotSignedIn
    queue = course.queue
    if len(command.note) > MAX_NOTE:
        raise Invalid("note", f"has at most {MAX_NOTE} characters")
    if (mine := queue.call_of(me)) is not None:
        if mine.talks:
            raise Refused("on_call", "you are talking with an agent")
        if command.note not in ("", mine.note):
            course.say(e.CallChanged(mine.id, command.note, mine.priority))
        return
    if not queue.is_open:
        raise Refused("care_closed", "no calls are taken at the moment")
    if queue.settings.topics and command.topic not in queue.settings.topics:
        raise Invalid("topic", f"is one of: {', '.join(queue.settings.topics)}")
    if me in queue.agents:
        raise Refused("is_agent", "you are an agent here, and answer calls")
    if sum(one.waits for one in queue.calls.values()) >= queue.settings.max_queue:
        raise Refused("queue_full", f"{queue.settings.max_queue} wait already; try again later")
    course.say(e.CallQueued(command.call_id, me, command.topic, command.note, command.voice, command.lang))


def leave(course: Course, command: c.Leave) -> None:
    """The caller leaves the line, or hangs up. Raises Refused with reason `no_call`."""
    call = course.queue.call_of(command.by.account_id or "")
    if call is None:
        raise Refused("no_call", "you have no call here")
    if call.talks:
        course.end_talk(call, "caller")
    else:
        course.end_waiting(call, "abandoned", "left")


def set_priority(course: Course, command: c.SetPriority) -> None:
    """Give a waiting call a priority. Raises NotAllowed, NotFound, Invalid or Refused with reason `no_wait`."""
    require_staff(command)
    call = course.queue.call(command.call_id)
    if not call.waits:
        raise Refused("no_wait", "this call does not wait")
    if abs(command.priority) > MOST_PRIORITY:
        raise Invalid("priority", f"is at most {MOST_PRIORITY}")
    if command.priority != call.priority:
        course.say(e.CallChanged(call.id, call.note, command.priority))


def decline_call(course: Course, command: c.DeclineCall) -> None:
    """An agent declines an offer, and the call keeps its place; staff ends the wait of a call. Raises NotAllowed, NotFound, Invalid, or
    Refused with reason `no_wait`."""
    call = course.queue.call(command.call_id)
    me = command.by.account_id or ""
    if me in call.offers or (me == call.agent_id and call.waits):
        course.end_offer(call.id, me, "declined")
        return
    require_staff(command)
    if not call.waits:
        raise Refused("no_wait", "this call does not wait")
    if not command.reason.strip():
        raise Invalid("reason", "say why it is declined: the caller is told")
    course.end_waiting(call, "declined", command.reason)


def answered(course: Course, command: c.Answered) -> None:
    """The caller of a call that was taken has opened the microphone. No effect for others."""
    require_system(command)
    call = course.queue.call_of(command.caller_id)
    if call is not None and call.state == "offered" and call.agent_id is not None:
        course.say(e.CallConnected(call.id, call.agent_id))


def require_staff(command: c.CareCommand) -> None:
    """Raises NotAllowed for who is neither host nor co-host."""
    if not command.staff:
        raise NotAllowed("only the host and co-hosts may do this here (care)", reason="care")


def require_system(command: c.CareCommand) -> None:
    """Raises NotAllowed for everybody but the server."""
    if not isinstance(command.by, System):
        raise NotAllowed("only the server may do this here (care)", reason="care")
