"""`evolve(queue, event, now)`: the queue after an event. Pure and total: a stored event always applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from spacesctl.domain.care import events as e
from spacesctl.domain.care.agent import Agent
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.event import Event


def evolve(queue: CareQueue, event: Event, now: datetime) -> CareQueue:
    """The state after the event."""
    return _CHANGES[type(event)](queue, event, now)


def evolve_all(queue: CareQueue, events: Iterable[Event], now: datetime) -> CareQueue:
    """Apply events in order."""
    for event in events:
        queue = evolve(queue, event, now)
    return queue


def _with(queue: CareQueue, call: Call | None = None, agent: Agent | None = None) -> CareQueue:
    calls = queue.calls if call is None else {**queue.calls, call.id: call}
    agents = queue.agents if agent is None else {**queue.agents, agent.id: agent}
    return replace(queue, calls=calls, agents=agents)


def _opened(queue: CareQueue, event: e.CareOpened, now: datetime) -> CareQueue:
    return replace(queue, settings=event.settings, is_open=True, drains=False)


def _closed(queue: CareQueue, event: e.CareClosed, now: datetime) -> CareQueue:
    return replace(queue, is_open=False, drains=event.drains)


def _queued(queue: CareQueue, event: e.CallQueued, now: datetime) -> CareQueue:
    made = Call(
        event.call_id,
        queue.count + 1,
        event.caller_id,
        event.topic,
        now,
        now,
        event.note,
        event.voice,
        event.lang,
        event.priority,
    )
    return _with(replace(queue, count=queue.count + 1), made)


def _changed(queue: CareQueue, event: e.CallChanged, now: datetime) -> CareQueue:
    return _with(queue, replace(queue.calls[event.call_id], note=event.note, priority=event.priority))


def _offered(queue: CareQueue, event: e.CallOffered, now: datetime) -> CareQueue:
    call, agent = queue.calls[event.call_id], queue.agents[event.agent_id]
    call = call if call.state == "offered" else call.into("offered", now)
    call = replace(call, offers={**call.offers, agent.id: event.until})
    return _with(queue, call, agent.into("offered", now, call_id=call.id))


def _accepted(queue: CareQueue, event: e.CallAccepted, now: datetime) -> CareQueue:
    call = replace(queue.calls[event.call_id], agent_id=event.agent_id, offers={}, answer_by=event.answer_by)
    return _with(queue, call, replace(queue.agents[event.agent_id], unanswered=0))


def _offer_ended(queue: CareQueue, event: e.OfferEnded, now: datetime) -> CareQueue:
    call = queue.calls[event.call_id]
    offers = {agent: until for agent, until in call.offers.items() if agent != event.agent_id}
    skips = {agent: until for agent, until in call.skips.items() if until > now}
    if event.skip_until is not None:
        skips[event.agent_id] = event.skip_until
    missed = call.no_shows + (event.how == "no_show")
    agent_id = None if call.agent_id == event.agent_id else call.agent_id
    call = replace(call, offers=offers, skips=skips, no_shows=missed, agent_id=agent_id)
    if agent_id is None:
        call = replace(call, answer_by=None)
        call = call if offers else call.into("queued", now)
    agent = queue.agents.get(event.agent_id)
    if agent is not None:
        agent = replace(agent.after_call(now), unanswered=agent.unanswered + (event.how == "expired"))
    return _with(queue, call, agent)


def _connected(queue: CareQueue, event: e.CallConnected, now: datetime) -> CareQueue:
    call = replace(queue.calls[event.call_id].into("connected", now), answer_by=None, lost_at=None, no_shows=0)
    agent = queue.agents[event.agent_id]
    return _with(queue, call, replace(agent.into("on_call", now, call_id=call.id), calls=agent.calls + 1))


def _held(queue: CareQueue, event: e.CallHeld, now: datetime) -> CareQueue:
    return _with(queue, queue.calls[event.call_id].into("held", now))


def _resumed(queue: CareQueue, event: e.CallResumed, now: datetime) -> CareQueue:
    return _with(queue, queue.calls[event.call_id].into("connected", now))


def _requeued(queue: CareQueue, event: e.CallRequeued, now: datetime) -> CareQueue:
    call = queue.calls[event.call_id]
    agent = _talked(queue, event.agent_id, call, now)
    skips = {} if event.skip_until is None else {event.agent_id: event.skip_until}
    call = replace(call.into("queued", now), agent_id=None, skips=skips)
    return _with(queue, call, None if agent is None else agent.after_call(now))


def _dropped(queue: CareQueue, event: e.CallerDropped, now: datetime) -> CareQueue:
    return _with(queue, replace(queue.calls[event.call_id], lost_at=now))


def _returned(queue: CareQueue, event: e.CallerReturned, now: datetime) -> CareQueue:
    return _with(queue, replace(queue.calls[event.call_id], lost_at=None))


def _talk_ended(queue: CareQueue, event: e.TalkEnded, now: datetime) -> CareQueue:
    call = queue.calls[event.call_id]
    agent = _talked(queue, event.agent_id, call, now)
    done = replace(
        call.into("wrapup", now), wrapup_until=event.wrapup_until, lost_caller=event.by == "lost", lost_at=None
    )
    return _with(queue, done, None if agent is None else agent.into("wrapup", now, call_id=call.id))


def _talked(queue: CareQueue, agent_id: str, call: Call, now: datetime) -> Agent | None:
    agent = queue.agents.get(agent_id)
    return None if agent is None else replace(agent, talked=agent.talked + (now - agent.since))


def _extended(queue: CareQueue, event: e.WrapupExtended, now: datetime) -> CareQueue:
    return _with(queue, replace(queue.calls[event.call_id], wrapup_until=event.until))


def _ended(queue: CareQueue, event: e.CallEnded, now: datetime) -> CareQueue:
    call = queue.calls[event.call_id]
    calls = {call_id: one for call_id, one in queue.calls.items() if call_id != event.call_id}
    agent = queue.agents.get(call.agent_id or "")
    if agent is not None and agent.call_id == call.id:
        return _with(replace(queue, calls=calls), agent=agent.after_call(now))
    return replace(queue, calls=calls)


def _added(queue: CareQueue, event: e.AgentAdded, now: datetime) -> CareQueue:
    known = queue.agents.get(event.agent_id) or Agent(event.agent_id, now)
    return _with(queue, agent=replace(known, topics=frozenset(event.topics)))


def _removed(queue: CareQueue, event: e.AgentRemoved, now: datetime) -> CareQueue:
    return replace(queue, agents={key: one for key, one in queue.agents.items() if key != event.agent_id})


def _agent_changed(queue: CareQueue, event: e.AgentChanged, now: datetime) -> CareQueue:
    agent = queue.agents[event.agent_id].into(event.state, now, reason=event.reason)
    return _with(queue, agent=replace(agent, idle_since=now, unanswered=0, then="available", then_reason=""))


def _agent_will(queue: CareQueue, event: e.AgentWill, now: datetime) -> CareQueue:
    return _with(queue, agent=replace(queue.agents[event.agent_id], then=event.state, then_reason=event.reason))


def _breached(queue: CareQueue, event: e.SlaBreached, now: datetime) -> CareQueue:
    return _with(queue, replace(queue.calls[event.call_id], breached=True))


def _same(queue: CareQueue, event: Event, now: datetime) -> CareQueue:
    return queue


Happening = TypeVar("Happening", bound=Event)


def _on(
    kind: type[Happening], change: Callable[[CareQueue, Happening, datetime], CareQueue]
) -> Callable[[CareQueue, Event, datetime], CareQueue]:
    def apply(queue: CareQueue, event: Event, now: datetime) -> CareQueue:
        return change(queue, event, now) if isinstance(event, kind) else queue

    return apply


_CHANGES: dict[type[Event], Callable[[CareQueue, Event, datetime], CareQueue]] = {
    e.CareOpened: _on(e.CareOpened, _opened),
    e.CareClosed: _on(e.CareClosed, _closed),
    e.CallQueued: _on(e.CallQueued, _queued),
    e.CallChanged: _on(e.CallChanged, _changed),
    e.CallOffered: _on(e.CallOffered, _offered),
    e.CallAccepted: _on(e.CallAccepted, _accepted),
    e.OfferEnded: _on(e.OfferEnded, _offer_ended),
    e.CallConnected: _on(e.CallConnected, _connected),
    e.CallHeld: _on(e.CallHeld, _held),
    e.CallResumed: _on(e.CallResumed, _resumed),
    e.CallRequeued: _on(e.CallRequeued, _requeued),
    e.CallerDropped: _on(e.CallerDropped, _dropped),
    e.CallerReturned: _on(e.CallerReturned, _returned),
    e.TalkEnded: _on(e.TalkEnded, _talk_ended),
    e.WrapupExtended: _on(e.WrapupExtended, _extended),
    e.CallWrapped: _on(e.CallWrapped, _same),
    e.CallEnded: _on(e.CallEnded, _ended),
    e.SlaBreached: _on(e.SlaBreached, _breached),
    e.AgentAdded: _on(e.AgentAdded, _added),
    e.AgentRemoved: _on(e.AgentRemoved, _removed),
    e.AgentChanged: _on(e.AgentChanged, _agent_changed),
    e.AgentWill: _on(e.AgentWill, _agent_will),
}
