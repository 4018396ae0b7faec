"""What happens in a queue. Each event is stored with its time, which is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.care.words import AgentState, Ended, OfferEnd, Outcome
from spacesctl.domain.event import Event


@dataclass(frozen=True)
class CareOpened(Event):
    """The queue was opened, or has other settings."""

    type = "care.opened"
    settings: CareSettings


@dataclass(frozen=True)
class CareClosed(Event):
    """No new calls. `drains`: those that wait are answered first, and it closes then."""

    type = "care.closed"
    drains: bool


@dataclass(frozen=True)
class CallQueued(Event):
    """A caller waits."""

    type = "call.queued"
    call_id: str
    caller_id: str
    topic: str
    note: str = ""
    voice: str | None = None
    lang: str = ""
    priority: int = 0


@dataclass(frozen=True)
class CallChanged(Event):
    """The caller wrote another note, or staff gave the call another priority."""

    type = "call.changed"
    call_id: str
    note: str
    priority: int


@dataclass(frozen=True)
class CallOffered(Event):
    """An agent is offered a call."""

    type = "call.offered"
    call_id: str
    agent_id: str
    until: datetime


@dataclass(frozen=True)
class CallAccepted(Event):
    """An agent takes a call; the caller is to open the microphone. Offers of it to others are withdrawn by events of their own, before."""

    type = "call.accepted"
    call_id: str
    agent_id: str
    answer_by: datetime


@dataclass(frozen=True)
class OfferEnded(Event):
    """An offer ended without a talk; the call keeps its place. `skip_until`: the agent is not offered it before."""

    type = "call.offer_ended"
    call_id: str
    agent_id: str
    how: OfferEnd
    skip_until: datetime | None = None


@dataclass(frozen=True)
class CallConnected(Event):
    """Agent and caller talk."""

    type = "call.connected"
    call_id: str
    agent_id: str


@dataclass(frozen=True)
class CallHeld(Event):
    """The agent put the caller on hold."""

    type = "call.held"
    call_id: str


@dataclass(frozen=True)
class CallResumed(Event):
    """The hold ended."""

    type = "call.resumed"
    call_id: str


@dataclass(frozen=True)
class CallRequeued(Event):
    """A caller who talked waits again, at the place of the first wait: the agent is gone (`agent_lost`), or sent the call back."""

    type = "call.requeued"
    call_id: str
    agent_id: str
    reason: str
    skip_until: datetime | None = None


@dataclass(frozen=True)
class CallerDropped(Event):
    """The caller's connection is lost. The place is kept for a while."""

    type = "call.dropped"
    call_id: str


@dataclass(frozen=True)
class CallerReturned(Event):
    """The caller is back in time."""

    type = "call.returned"
    call_id: str


@dataclass(frozen=True)
class TalkEnded(Event):
    """The talk is over; the agent writes it up until then."""

    type = "call.talked"
    call_id: str
    agent_id: str
    by: Ended
    wrapup_until: datetime


@dataclass(frozen=True)
class WrapupExtended(Event):
    """The agent needs more time to write it up."""

    type = "call.wrapup_extended"
    call_id: str
    until: datetime


@dataclass(frozen=True)
class CallWrapped(Event):
    """What the agent wrote of a call."""

    type = "call.wrapped"
    call_id: str
    agent_id: str
    disposition: str
    note: str = ""
    ticket: str = ""


@dataclass(frozen=True)
class CallEnded(Event):
    """A call is over, with its one outcome."""

    type = "call.ended"
    call_id: str
    caller_id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class SlaBreached(Event):
    """A call has waited for longer than calls are to."""

    type = "sla.breached"
    call_id: str


@dataclass(frozen=True)
class AgentAdded(Event):
    """An agent of the queue, or their topics."""

    type = "agent.added"
    agent_id: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgentRemoved(Event):
    """No agent any longer."""

    type = "agent.removed"
    agent_id: str


@dataclass(frozen=True)
class AgentChanged(Event):
    """An agent without a call is in another state."""

    type = "agent.state"
    agent_id: str
    state: AgentState
    reason: str = ""


@dataclass(frozen=True)
class AgentWill(Event):
    """What an agent becomes after the present call."""

    type = "agent.will"
    agent_id: str
    state: AgentState
    reason: str = ""
