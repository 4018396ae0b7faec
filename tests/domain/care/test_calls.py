"""What happens to a call, step by step: offers, answers, lost connections, holds, wrap-ups, the end of the hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, NotSignedIn, Refused
from spacesctl.domain.principals import ANONYMOUS, Person
from tests.domain.care.desk import HOST, SERVER, Desk

PULL = CareSettings()
PUSH = CareSettings(strategy="longest-idle")


def desk(settings: CareSettings = PULL, **agents: tuple[str, ...]) -> Desk:
    """With agents 21 and 22, who are ready."""
    made = Desk(settings, {"21": agents.get("first", ()), "22": agents.get("second", ())})
    for one in ("21", "22"):
        made.agent(c.Ready, one)
    return made


def states(made: Desk) -> dict[str, str]:
    return {one.id: one.state for one in made.queue.agents.values()}


def test_a_call_waits_is_taken_talked_held_and_written_up() -> None:
    made = desk()
    call = made.come("31", note="a broken cup")
    made.after(5)
    made.agent(c.Next, "21")
    made.after(2)
    made.do(c.Answered(SERVER, False, "31"))
    made.after(60)
    made.agent(c.Hold, "21")
    made.after(20)
    made.agent(c.Resume, "21")
    made.do(c.HangUp(Person("21", "a"), False, call))
    assert states(made) == {"21": "wrapup", "22": "available"}
    made.after(29)
    assert made.outcome(call) is None
    made.after(1)
    assert made.outcome(call) == ("handled", "time")
    assert states(made)["21"] == "available"


def test_two_agents_do_not_get_the_same_call() -> None:
    made = desk()
    call = made.come("31")
    made.agent(c.Take, "21", call)
    with pytest.raises(Refused) as refused:
        made.agent(c.Take, "22", call)
    assert refused.value.reason == "taken"
    with pytest.raises(NotFound):
        made.agent(c.Next, "22")


def test_who_waited_first_goes_first_and_priority_goes_before() -> None:
    made = desk()
    first, second, third = (made.come(one) for one in ("31", "32", "33"))
    made.do(c.SetPriority(HOST, True, third, 1))
    assert [one.id for one in made.queue.line()] == [third, first, second]
    made.talk("21", "33")
    made.talk("22", "31")
    made.agent(c.Requeue, "22")
    assert [one.id for one in made.queue.line()] == [first, second]
    made.agent(c.Requeue, "21", True)
    assert [one.id for one in made.queue.line()] == [third, first, second]


def test_asking_again_keeps_the_place_and_changes_the_note() -> None:
    made = desk()
    assert made.come("31") == made.come("31", note="and a saucer")
    assert len(made.said(e.CallQueued)) == 1
    assert made.queue.call_of("31").note == "and a saucer"  # type: ignore[union-attr]


def test_an_agent_who_lets_it_ring_is_passed_over_and_then_has_a_break() -> None:
    made = desk(PUSH)
    made.agent(c.Away, "22")
    call = made.come("31")
    for _ in range(2):
        assert states(made)["21"] == "offered"
        made.after(20)
        assert states(made)["21"] == "available"
        made.after(10)
    made.after(20)
    assert (states(made)["21"], made.queue.agents["21"].reason) == ("break", "no_answer")
    assert made.queue.calls[call].state == "queued"
    made.agent(c.Ready, "22")
    assert states(made)["22"] == "offered"


def test_a_declined_call_goes_to_another_at_once_and_keeps_its_place() -> None:
    made = desk(PUSH)
    first, second = made.come("31"), made.come("32")
    assert made.queue.calls[first].offers.keys() == {"21"}
    made.do(c.DeclineCall(Person("21", "a"), False, first))
    made.agent(c.Take, "22", second)
    assert made.queue.line()[0].id == first


def test_a_caller_who_does_not_answer_is_next_once_more_and_then_gone() -> None:
    made = desk()
    call = made.come("31")
    made.agent(c.Next, "21")
    made.after(20)
    assert (made.queue.calls[call].state, states(made)["21"]) == ("queued", "available")
    made.agent(c.Next, "22")
    made.after(20)
    assert made.outcome(call) == ("abandoned", "no_show")
    assert states(made) == {"21": "available", "22": "available"}


@pytest.mark.parametrize(("away", "outcome"), [(100, None), (130, ("abandoned", "lost"))])
def test_a_lost_caller_keeps_the_place_for_a_while(away: int, outcome: tuple[str, str] | None) -> None:
    made = desk()
    call = made.come("31")
    made.do(c.Lost(SERVER, False, "31"))
    with pytest.raises(NotFound):
        made.agent(c.Next, "21")
    made.after(away)
    made.do(c.Returned(SERVER, False, "31"))
    assert made.outcome(call) == outcome
    if outcome is None:
        assert made.queue.place(made.queue.calls[call]) == 1


def test_a_caller_who_is_lost_in_the_talk_comes_back_to_the_same_agent_or_it_ends() -> None:
    made = desk()
    call = made.come("31")
    made.talk("21", "31")
    made.do(c.Lost(SERVER, False, "31"))
    made.after(59)
    made.do(c.Returned(SERVER, False, "31"))
    made.after(200)
    assert made.queue.calls[call].agent_id == "21"
    made.do(c.Lost(SERVER, False, "31"))
    made.after(60)
    assert states(made)["21"] == "wrapup"
    made.agent(c.Wrap, "21", "solved")
    assert made.outcome(call) == ("caller_lost", "")


@pytest.mark.parametrize("talks", [True, False])
def test_the_caller_of_a_lost_agent_goes_to_the_next_agent_before_all_who_came_later(talks: bool) -> None:
    made = desk(PUSH)
    first, later = made.come("31"), made.come("32")
    made.agent(c.Take, "21", first)
    if talks:
        made.do(c.Answered(SERVER, False, "31"))
    made.do(c.DeclineCall(Person("22", "a"), False, later))
    made.do(c.Lost(SERVER, False, "21"))
    assert made.queue.calls[first].offers.keys() == {"22"}
    assert states(made)["21"] == "offline"


def test_a_call_goes_to_who_knows_the_topic_and_after_a_while_to_all() -> None:
    made = desk(replace(PUSH, topics=("refunds", "orders")), first=("orders",), second=("refunds",))
    made.agent(c.Away, "22")
    call = made.come("31", "refunds")
    made.after(59)
    assert made.queue.calls[call].state == "queued"
    made.after(1)
    assert made.queue.calls[call].offers.keys() == {"21"}


def test_who_rings_all_gives_it_to_who_takes_it_first() -> None:
    made = desk(replace(PUSH, strategy="ring-all"))
    call = made.come("31")
    assert states(made) == {"21": "offered", "22": "offered"}
    made.agent(c.Take, "22", call)
    made.do(c.Answered(SERVER, False, "31"))
    assert states(made) == {"21": "available", "22": "on_call"}


def test_each_strategy_chooses_as_its_name_says() -> None:
    for strategy, chosen in (("longest-idle", "22"), ("fewest-calls", "22"), ("least-talk", "21")):
        made = desk(replace(PUSH, strategy=strategy, wrapup=timedelta(0)))  # type: ignore[arg-type]
        made.agent(c.Break, "22", "22")
        for caller, talk in (("31", 10), ("32", 10)):
            made.come(caller)
            made.talk("21", caller)
            made.after(talk)
            made.agent(c.Wrap, "21")
        made.agent(c.Ready, "22")
        made.agent(c.Break, "21", "21")
        made.come("33")
        made.talk("22", "33")
        made.after(100)
        made.agent(c.Wrap, "22")
        made.after(1)
        made.agent(c.Ready, "21")
        call = made.come("34")
        assert made.queue.calls[call].offers.keys() == {chosen}, strategy


def test_a_longest_wait_ends_waiting_but_no_talk() -> None:
    made = desk(replace(PULL, max_wait=timedelta(seconds=60)))
    talks, waits = made.come("31"), made.come("32")
    made.talk("21", "31")
    made.after(60)
    assert made.outcome(waits) == ("timed_out", "")
    assert made.queue.calls[talks].state == "connected"


def test_a_break_in_a_talk_comes_after_the_wrapup() -> None:
    made = desk()
    made.come("31")
    made.talk("21", "31")
    made.agent(c.Break, "21", "21", "lunch")
    assert states(made)["21"] == "on_call"
    made.agent(c.Wrap, "21")
    assert (states(made)["21"], made.queue.agents["21"].reason) == ("break", "lunch")
    with pytest.raises(Refused) as refused:
        made.agent(c.Next, "21")
    assert refused.value.reason == "break"


def test_a_queue_that_drains_answers_who_waits_and_takes_nobody() -> None:
    made = desk()
    call = made.come("31")
    made.do(c.CloseCare(HOST, True, drain=True))
    with pytest.raises(Refused) as refused:
        made.come("32")
    assert refused.value.reason == "care_closed"
    made.talk("21", "31")
    made.agent(c.Wrap, "21")
    assert made.outcome(call) == ("handled", "")
    assert made.queue.is_over


def test_who_waits_when_it_closes_is_told_and_talks_end_with_the_space() -> None:
    made = desk()
    talks, waits = made.come("31"), made.come("32")
    made.talk("21", "31")
    made.do(c.CloseCare(HOST, True))
    assert made.outcome(waits) == ("closed_hours", "closed")
    assert made.outcome(talks) is None
    made.do(c.CloseCare(SERVER, False, over=True))
    assert made.outcome(talks) == ("handled", "the Space ended")
    assert made.queue.is_over


def test_bad_input_is_refused_and_changes_nothing() -> None:
    made = desk(replace(PULL, topics=("refunds",), max_queue=1, dispositions=("solved",)))
    before = made.queue
    ben, agent = Person("31", "ben"), Person("21", "ann")
    for command, error in (
        (c.Queue(ANONYMOUS, False, "x", "refunds"), NotSignedIn),
        (c.Queue(ben, False, "x", "cups"), Invalid),
        (c.Queue(ben, False, "x", "refunds", "x" * 281), Invalid),
        (c.Queue(agent, False, "x", "refunds"), Refused),
        (c.Leave(ben, False), Refused),
        (c.Ready(ben, False), Refused),
        (c.Next(agent, False), NotFound),
        (c.Take(agent, False, "x"), NotFound),
        (c.Hold(agent, False), Refused),
        (c.Wrap(agent, False, "solved"), Refused),
        (c.Break(agent, False, "22"), NotAllowed),
        (c.CloseCare(ben, False), NotAllowed),
        (c.OpenCare(ben, False, PULL), NotAllowed),
        (c.OpenCare(HOST, True, replace(PULL, sla=80)), Invalid),
        (c.OpenCare(HOST, True, PULL, (("21", ("cups",)),)), Invalid),
        (c.Answered(ben, False, "31"), NotAllowed),
        (c.Lost(HOST, True, "31"), NotAllowed),
    ):
        with pytest.raises(error):
            made.do(command)
        assert made.queue == before, command
    call = made.come("31", "refunds")
    with pytest.raises(Refused) as refused:
        made.come("32", "refunds")
    assert refused.value.reason == "queue_full"
    with pytest.raises(NotAllowed):
        made.do(c.DeclineCall(Person("32", "eve"), False, call, "no"))
    with pytest.raises(Invalid):
        made.do(c.DeclineCall(HOST, True, call))
    made.talk("21", "31")
    with pytest.raises(Invalid) as invalid:
        made.agent(c.Wrap, "21", "unknown")
    assert "solved" in str(invalid.value)
