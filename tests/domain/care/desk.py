"""A queue at work on a virtual clock: what is asked of it, and the law that must hold after each step."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.call import ZERO
from spacesctl.domain.care.decide import decide_all
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.care.timers import deadlines, next_at
from spacesctl.domain.event import Event
from spacesctl.domain.principals import Person, System

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOST = Person("1", "host")
SERVER = System("care")


class Desk:
    """A queue with the events so far. `after` lets time pass: each deadline comes at its moment."""

    def __init__(self, settings: CareSettings, agents: dict[str, tuple[str, ...]]) -> None:
        self.queue, self.now = CareQueue(), START
        self.events: list[tuple[datetime, Event]] = []
        self.outcomes: Counter[str] = Counter()
        self.first: dict[str, datetime] = {}
        self.do(c.OpenCare(HOST, True, settings, tuple(agents.items())))

    def do(self, *commands: c.CareCommand) -> list[Event]:
        """Ask, and check the law."""
        made, self.queue = decide_all(self.queue, commands, self.now)
        self.events += [(self.now, one) for one in made]
        self._check(made)
        return made

    def at(self, moment: datetime) -> None:
        """Let time pass until then."""
        while (due := next_at(self.queue)) is not None and due <= moment:
            assert due > self.now, "a deadline that has come did nothing"
            self.now = due
            self.do(c.Elapse(SERVER, False))
        self.now = moment

    def after(self, seconds: float) -> None:
        self.at(self.now + timedelta(seconds=seconds))

    def come(self, caller: str, topic: str = "", note: str = "") -> str:
        """A caller waits; the id of the call."""
        self.do(c.Queue(Person(caller, f"c{caller}"), False, f"call-{caller}-{self.queue.count}", topic, note))
        call = self.queue.call_of(caller)
        assert call is not None
        return call.id

    def agent(self, command: type[c.CareCommand], agent: str, *more: object) -> list[Event]:
        return self.do(command(Person(agent, f"a{agent}"), False, *more))

    def talk(self, agent: str, caller: str) -> None:
        """The agent takes what is next or offered, and the caller answers."""
        self.agent(c.Next, agent)
        self.do(c.Answered(SERVER, False, caller))

    def said(self, kind: type[Event]) -> list[Event]:
        return [one for _, one in self.events if isinstance(one, kind)]

    def outcome(self, call_id: str) -> tuple[str, str] | None:
        found = [one for one in self.said(e.CallEnded) if isinstance(one, e.CallEnded) and one.call_id == call_id]
        return (found[0].outcome, found[0].reason) if found else None

    def _check(self, made: list[Event]) -> None:
        for one in made:
            if isinstance(one, e.CallQueued):
                assert one.call_id not in self.first
                self.first[one.call_id] = self.now
            if isinstance(one, e.CallEnded):
                self.outcomes[one.call_id] += 1
                assert self.outcomes[one.call_id] == 1, "a call has one outcome"
        queue = self.queue
        busy = Counter(one.agent_id for one in queue.calls.values() if one.agent_id is not None)
        assert not busy or max(busy.values()) == 1, "an agent has one call"
        timed = {one.call.id for one in deadlines(queue)}
        for call in queue.calls.values():
            assert call.id not in self.outcomes
            assert call.enqueued_at == self.first[call.id], "the first wait never changes"
            assert sum(call.spent.values(), ZERO) + (self.now - call.since) == self.now - call.enqueued_at
            assert call.waits or call.agent_id in queue.agents, "who talks has an agent"
            assert (call.state == "offered") == bool(call.offers or (call.waits and call.agent_id))
            assert call.state in ("queued", "connected", "held") or call.id in timed, "a timer ends it"
            for agent_id in (*call.offers, *([call.agent_id] if call.agent_id else [])):
                assert queue.agents[agent_id].call_id == call.id
        for agent in queue.agents.values():
            call_state = queue.calls[agent.call_id].state if agent.call_id else None
            assert {
                "offered": call_state == "offered",
                "on_call": call_state in ("connected", "held"),
                "wrapup": call_state == "wrapup",
            }.get(agent.state, call_state is None), (agent, call_state)
