"""What agents ask of the queue, and of the call that they have."""

from __future__ import annotations

from typing import Final

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.agent import Agent
from spacesctl.domain.care.assigning import next_for
from spacesctl.domain.care.callers import require_staff
from spacesctl.domain.care.course import Course
from spacesctl.domain.care.words import AgentState
from spacesctl.domain.errors import Invalid, NotFound, Refused

MAX_WRAP_NOTE: Final = 2_000
MAX_CODE: Final = 40


def ready(course: Course, command: c.Ready) -> None:
    """Take calls; during a call: after it. Raises Refused with reason `no_agent`."""
    _become(course, course.queue.agent(command.by.account_id), "available", "")


def take_break(course: Course, command: c.Break) -> None:
    """Take none for a while, after the present call. Raises NotAllowed, or Refused with reason `no_agent`."""
    if command.agent_id != command.by.account_id:
        require_staff(command)
    agent = course.queue.agents.get(command.agent_id)
    if agent is None:
        raise Refused("no_agent", "this is no agent here")
    _become(course, agent, "break", command.reason)


def away(course: Course, command: c.Away) -> None:
    """Go, after the present call. Raises Refused with reason `no_agent`."""
    _become(course, course.queue.agent(command.by.account_id), "offline", "")


def _become(course: Course, agent: Agent, state: AgentState, reason: str) -> None:
    if agent.state == "offered" and state != "available":
        course.end_offer(agent.call_id or "", agent.id, "declined")
        agent = course.queue.agents[agent.id]
    if agent.call_id is not None:
        if (agent.then, agent.then_reason) != (state, reason):
            course.say(e.AgentWill(agent.id, state, reason))
    elif (agent.state, agent.reason) != (state, reason):
        course.say(e.AgentChanged(agent.id, state, reason))


def take_next(course: Course, command: c.Next) -> None:
    """Take the call that is next for this agent. Raises NotFound when there is none, or Refused."""
    agent = _free(course, course.queue.agent(command.by.account_id))
    call = course.queue.calls.get(agent.call_id or "") or next_for(course.queue, agent, course.now)
    if call is None:
        raise NotFound("call", "that waits for you")
    _take(course, agent, call.id)


def take(course: Course, command: c.Take) -> None:
    """Take this call. Raises NotFound, or Refused with reason `taken`, `no_wait`, `caller_lost`, `on_call`, `break` or `no_agent`."""
    agent = _free(course, course.queue.agent(command.by.account_id))
    call = course.queue.call(command.call_id)
    if not call.waits:
        raise Refused("no_wait", "this call does not wait any longer")
    others = {*call.offers, *([call.agent_id] if call.agent_id is not None else [])} - {agent.id}
    if others and call.id != agent.call_id:
        raise Refused("taken", "another agent has this call, or is offered it")
    if call.lost_at is not None and call.id != agent.call_id:
        raise Refused("caller_lost", "the connection of this caller is lost; the place is kept for a while")
    if agent.call_id not in (None, call.id):
        course.end_offer(agent.call_id or "", agent.id, "declined")
        agent = course.queue.agents[agent.id]
    _take(course, agent, call.id)


def _take(course: Course, agent: Agent, call_id: str) -> None:
    call = course.queue.calls[call_id]
    if call.agent_id == agent.id:
        return
    if agent.id not in call.offers:
        course.offer(call, agent)
    course.accept(call_id, agent.id)


def _free(course: Course, agent: Agent) -> Agent:
    """The agent, who is available or is offered a call. Raises Refused with reason `on_call`, `break` or `offline`."""
    match agent.state:
        case "on_call" | "wrapup":
            raise Refused("on_call", "you have a call", hint="spacesctl care wrap")
        case "break" | "offline":
            raise Refused(agent.state, "you take no calls at the moment", hint="spacesctl care ready")
        case _:
            return agent


def hold(course: Course, command: c.Hold) -> None:
    """Put the caller on hold. Raises Refused with reason `no_call` or `no_agent`."""
    call = course.queue.on_call(course.queue.agent(command.by.account_id), "connected", "held")
    if call.state == "connected":
        course.say(e.CallHeld(call.id))


def resume(course: Course, command: c.Resume) -> None:
    """End the hold. Raises Refused with reason `no_call` or `no_agent`."""
    call = course.queue.on_call(course.queue.agent(command.by.account_id), "connected", "held")
    if call.state == "held":
        course.say(e.CallResumed(call.id))


def requeue(course: Course, command: c.Requeue) -> None:
    """Send the caller back to the line, to the place of the first wait; `front`: before all others. Raises Refused."""
    agent = course.queue.agent(command.by.account_id)
    call = course.queue.on_call(agent, "connected", "held")
    settings = course.queue.settings
    course.say(e.CallRequeued(call.id, agent.id, "requeued", course.after(settings.reject_delay)))
    highest = max((one.priority for one in course.queue.calls.values() if one.waits), default=0)
    if command.front and course.queue.place(course.queue.calls[call.id]) > 1:
        course.say(e.CallChanged(call.id, call.note, highest + 1))


def hang_up(course: Course, command: c.HangUp) -> None:
    """End a talk: the agent's own, or as staff any. Raises NotFound, NotAllowed, or Refused with reason `no_talk`."""
    call = course.queue.call(command.call_id)
    if call.agent_id != command.by.account_id:
        require_staff(command)
    if not call.talks:
        raise Refused("no_talk", "nobody talks in this call")
    course.end_talk(call, "agent")


def wrap(course: Course, command: c.Wrap) -> None:
    """Write up the call, which ends it; `more`: begin the time for that anew. Raises Invalid, or Refused with reason `no_call`."""
    agent = course.queue.agent(command.by.account_id)
    call = course.queue.on_call(agent, "connected", "held", "wrapup")
    codes = course.queue.settings.dispositions
    if command.disposition and codes and command.disposition not in codes:
        raise Invalid("disposition", f"is one of: {', '.join(codes)}")
    if len(command.note) > MAX_WRAP_NOTE or max(len(command.disposition), len(command.ticket)) > MAX_CODE:
        raise Invalid("note", f"has at most {MAX_WRAP_NOTE} characters; a code and a ticket have {MAX_CODE}")
    if call.talks:
        course.end_talk(call, "agent")
    if command.disposition or command.note or command.ticket:
        course.say(e.CallWrapped(call.id, agent.id, command.disposition, command.note, command.ticket))
    if command.more:
        course.say(e.WrapupExtended(call.id, course.after(course.queue.settings.wrapup)))
    else:
        course.end_wrapup(course.queue.calls[call.id])
