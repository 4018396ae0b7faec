"""What became of the calls of a queue, and what its agents did: read from the stored events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spacesctl.domain.care import events as e
from spacesctl.domain.care.call import ZERO
from spacesctl.domain.care.evolve import evolve
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.words import AgentState, Outcome
from spacesctl.domain.event import Event


@dataclass
class Talk:
    """What one agent had of a call."""

    agent_id: str
    at: datetime
    talk: timedelta = ZERO
    hold: timedelta = ZERO
    wrapup: timedelta = ZERO

    @property
    def handled(self) -> timedelta:
        """The agent's time that it took."""
        return self.talk + self.hold + self.wrapup


@dataclass
class CallRecord:
    """A call from its first wait to its outcome; without an outcome it is open. `place` is where it stood in line when it came."""

    id: str
    caller_id: str
    topic: str
    queued_at: datetime
    place: int
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    talks: list[Talk] = field(default_factory=list)
    disposition: str = ""
    ticket: str = ""
    no_answers: int = 0
    """How often an agent let an offer of it expire."""

    @property
    def waited(self) -> timedelta | None:
        """How long until it was answered, or ended without; None while it waits."""
        until = self.answered_at or self.ended_at
        return None if until is None else until - self.queued_at


@dataclass(frozen=True)
class Span:
    """A stretch in which an agent was in one state; without an `end` they still are."""

    agent_id: str
    state: AgentState
    begin: datetime
    end: datetime | None = None
    reason: str = ""


@dataclass
class Records:
    """All calls, the oldest first, by id, and the times of the agents."""

    calls: dict[str, CallRecord] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    queue: CareQueue = field(default_factory=CareQueue)


def read(events: Iterable[tuple[datetime, Event]]) -> Records:
    """Read the events of a queue, the oldest first."""
    found = Records()
    for at, event in events:
        before, found.queue = found.queue, evolve(found.queue, event, at)
        _note_call(found, before, event, at)
        _note_agents(found, before, at)
    found.spans += [
        Span(one.id, one.state, one.since, None, one.reason)
        for one in found.queue.agents.values()
        if one.state != "offline"
    ]
    return found


def _note_call(found: Records, before: CareQueue, event: Event, at: datetime) -> None:
    call_id = getattr(event, "call_id", None)
    if isinstance(event, e.CallQueued):
        call = found.queue.calls[event.call_id]
        found.calls[call.id] = CallRecord(call.id, call.caller_id, call.topic, at, found.queue.place(call))
        return
    if call_id is None:
        return
    record, was = found.calls[call_id], before.calls.get(call_id)
    if was is not None and record.talks:
        _add_time(record.talks[-1], was.state, at - max(was.since, record.talks[-1].at), found.queue, call_id)
    match event:
        case e.CallConnected():
            record.answered_at = record.answered_at or at
            record.talks.append(Talk(event.agent_id, at))
        case e.OfferEnded(how="expired"):
            record.no_answers += 1
        case e.CallWrapped():
            record.disposition = event.disposition or record.disposition
            record.ticket = event.ticket or record.ticket
        case e.CallEnded():
            record.ended_at, record.outcome, record.reason = at, event.outcome, event.reason
        case _:
            pass


def _add_time(talk: Talk, state: str, spent: timedelta, after: CareQueue, call_id: str) -> None:
    """Count the time in a state when the call leaves it."""
    now = after.calls.get(call_id)
    if now is not None and now.state == state:
        return
    match state:
        case "connected":
            talk.talk += spent
        case "held":
            talk.hold += spent
        case "wrapup":
            talk.wrapup += spent
        case _:
            pass


def _note_agents(found: Records, before: CareQueue, at: datetime) -> None:
    if before.agents is found.queue.agents:
        return
    for was in before.agents.values():
        now = found.queue.agents.get(was.id)
        if now is was:
            continue
        if (now is None or now.state != was.state or now.since != was.since) and was.state != "offline":
            found.spans.append(Span(was.id, was.state, was.since, at, was.reason))
