"""When calls are taken, by whom; and connections that are lost."""

from __future__ import annotations

from typing import Final

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.callers import require_staff, require_system
from spacesctl.domain.care.course import Course
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.principals import System

MOST_AGENTS: Final = 500


def open_care(course: Course, command: c.OpenCare) -> None:
    """Open the queue, change its settings, and name agents. Raises NotAllowed or Invalid."""
    require_staff(command)
    command.settings.require()
    known = set(command.settings.topics)
    if len({*course.queue.agents, *(agent for agent, _ in command.agents)}) > MOST_AGENTS:
        raise Invalid("agents", f"are at most {MOST_AGENTS}")
    if wrong := sorted({one for _, topics in command.agents for one in topics} - known):
        raise Invalid("topics", f"of agents are among those of the queue; these are not: {', '.join(wrong)}")
    if course.queue.settings != command.settings or not course.queue.is_open:
        course.say(e.CareOpened(command.settings))
    for agent_id, topics in command.agents:
        agent = course.queue.agents.get(agent_id)
        if agent is None or agent.topics != frozenset(topics):
            course.say(e.AgentAdded(agent_id, topics))


def close_care(course: Course, command: c.CloseCare) -> None:
    """Take no new calls. Raises NotAllowed."""
    if not isinstance(command.by, System):
        require_staff(command)
    queue = course.queue
    waiting = any(one.waits for one in queue.calls.values())
    drains = command.drain and not command.over and waiting
    if queue.is_open or queue.drains != drains:
        course.say(e.CareClosed(drains))
    if drains:
        return
    for call in course.queue.line():
        course.end_waiting(call, "closed_hours", "the Space ended" if command.over else "closed")
    for call in [one for one in course.queue.calls.values() if command.over]:
        if call.talks:
            course.end_talk(call, "closed")
        course.end_wrapup(course.queue.calls[call.id], "the Space ended")


def remove_agent(course: Course, command: c.RemoveAgent) -> None:
    """Let somebody be no agent any longer. Raises NotAllowed, or Refused with reason `no_agent` or `on_call`."""
    require_staff(command)
    agent = course.queue.agents.get(command.agent_id)
    if agent is None:
        raise Refused("no_agent", "this is no agent here")
    if agent.state in ("on_call", "wrapup"):
        raise Refused("on_call", "this agent has a call; it ends first")
    if agent.state == "offered":
        course.end_offer(agent.call_id or "", agent.id, "withdrawn")
    course.say(e.AgentRemoved(agent.id))


def lost(course: Course, command: c.Lost) -> None:
    """A caller keeps the place for a while. An agent's caller is next again, and the agent gone. No effect for others."""
    require_system(command)
    call = course.queue.call_of(command.account_id)
    if call is not None and call.lost_at is None:
        course.say(e.CallerDropped(call.id))
    agent = course.queue.agents.get(command.account_id)
    if agent is None or agent.state == "offline":
        return
    own = course.queue.calls.get(agent.call_id or "")
    if own is not None and own.waits:
        course.end_offer(own.id, agent.id, "agent_lost")
    elif own is not None and own.talks:
        course.say(e.CallRequeued(own.id, agent.id, "agent_lost"))
    elif own is not None:
        course.end_wrapup(own, "agent_lost")
    course.say(e.AgentChanged(agent.id, "offline", "lost"))


def returned(course: Course, command: c.Returned) -> None:
    """A caller whose connection was lost is back. No effect for others: an agent says so themselves."""
    require_system(command)
    call = course.queue.call_of(command.account_id)
    if call is not None and call.lost_at is not None:
        course.say(e.CallerReturned(call.id))
