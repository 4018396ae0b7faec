"""Whatever callers, agents, staff and lost connections do in whatever order: the law of the queue holds, and everything ends."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.records import read
from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.care.timers import next_at
from spacesctl.domain.care.words import LEFT_TO_PEOPLE, PUSH
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.principals import Person
from tests.domain.care.desk import HOST, SERVER, Desk

AGENTS = ("21", "22", "23")
CALLERS = ("31", "32", "33", "34", "35")
TOPICS = ("refunds", "orders")
SECONDS = st.sampled_from([0, 1, 10, 30, 60, 120])


class Care(RuleBasedStateMachine):
    """A queue of three agents and five callers."""

    desk: Desk

    @initialize(
        strategy=st.sampled_from(("pull", *PUSH)),
        wrapup=SECONDS,
        reject=SECONDS,
        wait=st.sampled_from([None, 45, 300]),
        places=st.sampled_from([1, 3, 1_000]),
    )
    def opens(self, strategy: str, wrapup: int, reject: int, wait: int | None, places: int) -> None:
        made = CareSettings(
            TOPICS,
            strategy,  # type: ignore[arg-type]
            wrapup=timedelta(seconds=wrapup),
            reject_delay=timedelta(seconds=reject),
            max_wait=None if wait is None else timedelta(seconds=wait),
            max_queue=places,
        )
        self.desk = Desk(made, {"21": (), "22": ("refunds",), "23": ("orders",)})

    def tries(self, *commands: c.CareCommand) -> None:
        """What is refused changes nothing."""
        before = self.desk.queue
        try:
            self.desk.do(*commands)
        except SpacesError:
            assert self.desk.queue is before

    @rule(caller=st.sampled_from(CALLERS), topic=st.sampled_from(TOPICS), note=st.sampled_from(["", "x"]))
    def calls(self, caller: str, topic: str, note: str) -> None:
        number = len(self.desk.first)
        self.tries(c.Queue(Person(caller, f"c{caller}"), False, f"{caller}-{number}", topic, note))

    @rule(caller=st.sampled_from(CALLERS))
    def leaves(self, caller: str) -> None:
        self.tries(c.Leave(Person(caller, f"c{caller}"), False))

    @rule(
        agent=st.sampled_from(AGENTS),
        what=st.sampled_from([c.Ready, c.Ready, c.Ready, c.Away, c.Next, c.Next, c.Hold, c.Resume]),
    )
    def works(self, agent: str, what: type[c.CareCommand]) -> None:
        self.tries(what(Person(agent, f"a{agent}"), False))

    @rule(agent=st.sampled_from(AGENTS), front=st.booleans())
    def sends_back(self, agent: str, front: bool) -> None:
        self.tries(c.Requeue(Person(agent, f"a{agent}"), False, front))

    @rule(agent=st.sampled_from(AGENTS), reason=st.sampled_from(["", "lunch"]), staff=st.booleans())
    def pauses(self, agent: str, reason: str, staff: bool) -> None:
        self.tries(c.Break(HOST if staff else Person(agent, f"a{agent}"), staff, agent, reason))

    @rule(agent=st.sampled_from(AGENTS), more=st.booleans(), code=st.sampled_from(["", "solved"]))
    def writes_up(self, agent: str, more: bool, code: str) -> None:
        self.tries(c.Wrap(Person(agent, f"a{agent}"), False, code, more=more))

    @rule(caller=st.sampled_from(CALLERS))
    def answers(self, caller: str) -> None:
        self.tries(c.Answered(SERVER, False, caller))

    @rule(who=st.sampled_from(CALLERS + AGENTS), back=st.booleans())
    def connection(self, who: str, back: bool) -> None:
        self.tries(c.Returned(SERVER, False, who) if back else c.Lost(SERVER, False, who))

    @rule(
        data=st.data(),
        agent=st.sampled_from((*AGENTS, None)),
        what=st.sampled_from(["take", "decline", "hang up", "before"]),
    )
    def a_call(self, data: st.DataObject, agent: str | None, what: str) -> None:
        if not self.desk.queue.calls:
            return
        call = data.draw(st.sampled_from(sorted(self.desk.queue.calls)))
        by, staff = (HOST, True) if agent is None else (Person(agent, f"a{agent}"), False)
        self.tries(
            {
                "take": c.Take(by, staff, call),
                "decline": c.DeclineCall(by, staff, call, "no"),
                "hang up": c.HangUp(by, staff, call),
                "before": c.SetPriority(by, staff, call, 3),
            }[what]
        )

    @rule(data=st.data(), what=st.sampled_from(["close", "open", "name", "remove"]))
    def the_host(self, data: st.DataObject, what: str) -> None:
        agent, named = data.draw(st.sampled_from(AGENTS)), self.desk.queue.settings
        drain, over = what == "close" and data.draw(st.booleans()), what == "close" and data.draw(st.booleans())
        self.tries(
            {
                "close": c.CloseCare(HOST, True, drain, over),
                "open": c.OpenCare(HOST, True, named),
                "name": c.OpenCare(HOST, True, named, ((agent, ()),)),
                "remove": c.RemoveAgent(HOST, True, agent),
            }[what]
        )
        if over:
            assert not self.desk.queue.calls
        if not self.desk.queue.is_open:  # most of what there is to see happens in an open one
            self.desk.do(c.OpenCare(HOST, True, named))

    @rule(agent=st.sampled_from(AGENTS), caller=st.sampled_from(CALLERS), topic=st.sampled_from(TOPICS))
    def talk(self, agent: str, caller: str, topic: str) -> None:
        self.calls(caller, topic, "")
        self.works(agent, c.Ready)
        self.works(agent, c.Next)
        own = (
            self.desk.queue.calls.get(self.desk.queue.agents[agent].call_id or "")
            if agent in self.desk.queue.agents
            else None
        )
        self.answers(own.caller_id if own is not None else caller)

    @rule(seconds=st.sampled_from([1, 5, 20, 61, 150]))
    def time_passes(self, seconds: int) -> None:
        self.desk.after(seconds)

    @invariant()
    def everything_is_ended_by_a_timer_or_by_somebody(self) -> None:
        """Who waits, with everybody gone, is told at last; nothing is left in a state that has neither."""
        if not hasattr(self, "desk"):
            return
        for call in self.desk.queue.calls.values():
            assert call.state in LEFT_TO_PEOPLE or next_at(self.desk.queue) is not None

    def teardown(self) -> None:
        """Everybody is lost: all calls end by themselves, and the records say the same as the queue did."""
        if not hasattr(self, "desk"):
            return
        for who in CALLERS + AGENTS:
            self.desk.do(c.Lost(SERVER, False, who))
        self.desk.after(3_600)
        assert not self.desk.queue.calls
        found = read(self.desk.events)
        assert found.queue == self.desk.queue
        ended = {one.call_id: one.outcome for one in self.desk.said(e.CallEnded) if isinstance(one, e.CallEnded)}
        assert {one.id: one.outcome for one in found.calls.values()} == ended


Care.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestCare = Care.TestCase
