"""The course of one decision: what was said so far, and the queue after it."""

from __future__ import annotations

from datetime import datetime, timedelta

from spacesctl.domain.care import events as e
from spacesctl.domain.care.agent import Agent
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.evolve import evolve
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.words import Ended, OfferEnd, Outcome
from spacesctl.domain.event import Event


class Course:
    """Events that follow each other at one moment. What callers, agents and timers have in common is done here."""

    def __init__(self, queue: CareQueue, now: datetime) -> None:
        self.queue, self.now = queue, now
        self.events: list[Event] = []

    def say(self, *events: Event) -> None:
        """These happen."""
        for event in events:
            self.events.append(event)
            self.queue = evolve(self.queue, event, self.now)

    def after(self, wait: timedelta) -> datetime:
        """The moment so long from now."""
        return self.now + wait

    def offer(self, call: Call, agent: Agent) -> None:
        """Offer a call to an agent who is available."""
        self.say(e.CallOffered(call.id, agent.id, self.after(self.queue.settings.offer)))

    def accept(self, call_id: str, agent_id: str) -> None:
        """The agent takes the call, which is offered to them; others are not offered it any longer."""
        for other in [one for one in self.queue.calls[call_id].offers if one != agent_id]:
            self.say(e.OfferEnded(call_id, other, "withdrawn"))
        self.say(e.CallAccepted(call_id, agent_id, self.after(self.queue.settings.answer_within)))

    def end_offer(self, call_id: str, agent_id: str, how: OfferEnd) -> None:
        """An offer ended without a talk. Who let it expire or declined it is not offered the call again at once."""
        settings = self.queue.settings
        skip = self.after(settings.reject_delay) if how in ("expired", "declined", "agent_lost") else None
        self.say(e.OfferEnded(call_id, agent_id, how, skip))
        agent = self.queue.agents.get(agent_id)
        if how == "expired" and agent is not None and agent.unanswered >= settings.most_unanswered and agent.works:
            self.say(e.AgentChanged(agent_id, "break", "no_answer"))

    def end_waiting(self, call: Call, outcome: Outcome, reason: str = "") -> None:
        """A call that nobody answered is over."""
        for agent_id in [*call.offers, *([call.agent_id] if call.agent_id else [])]:
            self.say(e.OfferEnded(call.id, agent_id, "withdrawn"))
        self.say(e.CallEnded(call.id, call.caller_id, outcome, reason))
        self._close_when_drained()

    def end_talk(self, call: Call, by: Ended) -> None:
        """Agent and caller part; the agent has the time of the wrap-up."""
        self.say(e.TalkEnded(call.id, call.agent_id or "", by, self.after(self.queue.settings.wrapup)))

    def end_wrapup(self, call: Call, reason: str = "") -> None:
        """A call that was talked is over."""
        self.say(e.CallEnded(call.id, call.caller_id, "caller_lost" if call.lost_caller else "handled", reason))
        self._close_when_drained()

    def _close_when_drained(self) -> None:
        queue = self.queue
        if queue.drains and not any(one.waits for one in queue.calls.values()):
            self.say(e.CareClosed(drains=False))
