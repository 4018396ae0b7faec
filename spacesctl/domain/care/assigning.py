"""Which agents are offered which calls. Who is next in line is offered first; a call that nobody available may take lets others pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from spacesctl.domain.care.agent import Agent
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.course import Course
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.words import Strategy

_FIRST: Final[dict[Strategy, Callable[[Agent], tuple[object, ...]]]] = {
    "longest-idle": lambda one: (_idle(one), one.id),
    "fewest-calls": lambda one: (one.calls, _idle(one), one.id),
    "least-talk": lambda one: (one.talked, _idle(one), one.id),
}


def _idle(one: Agent) -> float:
    return one.idle_since.timestamp() if one.idle_since is not None else 0.0


def opens_to(queue: CareQueue, agent: Agent, call: Call) -> datetime:
    """Since when a call is for an agent: at once if it is of their topics, for all others when it has waited for long; and not right after
    they let it go."""
    waited = call.enqueued_at if agent.knows(call.topic) else call.enqueued_at + queue.settings.widen_after
    return max(waited, call.skips.get(agent.id, waited))


def assign(course: Course) -> None:
    """Offer what waits to who is available."""
    if not course.queue.settings.pushes:
        return
    free = [one for one in course.queue.agents.values() if one.state == "available"]
    if not free:
        return
    for call in course.queue.line():
        if not _is_free(call) and not (call.offers and course.queue.settings.strategy == "ring-all"):
            continue
        free = [one for one in free if course.queue.agents[one.id].state == "available"]
        if not free:
            return
        for agent in _chosen(course.queue, call, free, course.now):
            course.offer(course.queue.calls[call.id], course.queue.agents[agent.id])


def _chosen(queue: CareQueue, call: Call, free: list[Agent], now: datetime) -> list[Agent]:
    fit = [one for one in free if opens_to(queue, one, call) <= now]
    strategy = queue.settings.strategy
    if strategy == "ring-all" or not fit:
        return fit
    return [min(fit, key=_FIRST[strategy])]


def next_for(queue: CareQueue, agent: Agent, now: datetime) -> Call | None:
    """The call that an agent who asks for one takes; one that another was offered or has taken is theirs."""
    return next((one for one in queue.line() if _is_free(one) and opens_to(queue, agent, one) <= now), None)


def _is_free(call: Call) -> bool:
    """Whether nobody is offered it or has taken it. A caller whose connection is lost is passed over until they are back."""
    return call.agent_id is None and not call.offers and call.lost_at is None
