"""Figures by hand for a small morning, and for shifts at random the same as a parser of the exported log finds."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from statistics import fmean

import pytest

from spacesctl.domain.care import commands as c
from spacesctl.domain.care.estimate import Handled, seconds, shown
from spacesctl.domain.care.figures import figures
from spacesctl.domain.care.queue_log import lines
from spacesctl.domain.care.records import read
from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.principals import Person
from tests.domain.care.desk import SERVER, START, Desk
from tests.domain.care.shift import Shift, poisson

DAY = START + timedelta(days=1)
SETTINGS = CareSettings(wrapup=timedelta(seconds=10))


def morning() -> Desk:
    """Four callers and one agent: answered after 5 s and after 75 s, gone after 4 s and after 40 s."""
    made = Desk(SETTINGS, {"21": ()})
    made.agent(c.Ready, "21")
    made.come("31", note="one")
    made.after(5)
    made.talk("21", "31")
    made.come("32")
    made.come("33")
    made.come("34")
    made.after(4)
    made.do(c.Leave(_person("33"), False))
    made.after(26)
    made.agent(c.Hold, "21")
    made.after(10)
    made.do(c.Leave(_person("34"), False))
    made.agent(c.Resume, "21")
    made.after(20)
    made.do(c.Leave(_person("31"), False))
    made.after(10)
    made.after(5)
    made.talk("21", "32")
    made.after(30)
    made.agent(c.Wrap, "21", "solved")
    made.agent(c.Break, "21", "21", "lunch")
    made.after(1_000)
    return made


def _person(account_id: str) -> Person:
    return Person(account_id, f"c{account_id}")


def test_the_figures_of_a_morning_are_those_by_hand() -> None:
    found = read(morning().events)
    made = figures(
        list(found.calls.values()), found.spans, SETTINGS, START, DAY, ratings={"call-31-0": 5, "call-32-1": 2}
    )
    assert (made.queued, made.offered, made.answered, made.abandoned, made.short, made.waiting) == (4, 3, 2, 2, 1, 0)
    assert made.asa == (5 + 75) / 2
    assert made.service_level == pytest.approx(1 / 3)
    assert made.service_level_all == pytest.approx(1 / 4)
    assert made.abandonment == pytest.approx(1 / 3)
    assert made.mean_abandon_time == (4 + 40) / 2
    assert (made.talk, made.hold, made.wrapup) == ((50 + 30) / 2, 10 / 2, 10 / 2)
    assert made.aht == (70 + 30) / 2
    assert made.longest_wait == 75
    assert made.occupancy == pytest.approx((70 + 30) / (5 + 70 + 5 + 30))
    assert (made.csat, made.rated, made.fcr, made.transfer_rate) == (0.5, 1.0, 1.0, 0.0)


def test_of_nothing_there_are_no_figures() -> None:
    made = figures([], [], SETTINGS, START, DAY)
    assert set(vars(made).values()) == {0, None}


def parsed(log: list[str]) -> dict[str, float]:
    """Our own reading of the lines, as a program would that knows Asterisk's."""
    queued, answered, left = dict[str, float](), dict[str, float](), list[float]()
    talk, hold, wrap = defaultdict[str, float](float), defaultdict[str, float](float), defaultdict[str, float](float)
    since, held, wrapping = dict[str, float](), dict[str, float](), dict[str, float]()
    for line in log:
        at, call, _, _, verb, *data = line.split("|")
        now = float(at)
        if verb == "ENTERQUEUE":
            queued[call] = now
        elif verb == "CONNECT":
            answered[call] = float(data[0])
            since[call] = now
        elif verb == "HOLD":
            held[call] = now
        elif verb == "UNHOLD":
            hold[call] += now - held.pop(call)
        elif verb in ("COMPLETEAGENT", "COMPLETECALLER"):
            hold[call] += now - held.pop(call) if call in held else 0
            talk[call] += float(data[1])
            wrapping[call] = now
        elif verb == "WRAPPED":
            wrap[call] += now - wrapping.pop(call)
        elif verb == "ABANDON":
            left.append(float(data[2]))
    long = [one for one in left if one >= SETTINGS.short_abandon.total_seconds()]
    return {
        "queued": len(queued),
        "answered": len(answered),
        "asa": fmean(answered.values()),
        "aht": fmean(talk[call] + wrap[call] for call in answered),
        "service_level_all": sum(one <= 20 for one in answered.values()) / len(queued),
        "abandonment": len(long) / (len(answered) + len(long)),
        "longest_wait": max([*answered.values(), *left]),
    }


def test_a_parser_of_the_log_finds_the_figures_of_a_morning() -> None:
    made = morning()
    log = list(lines(made.events, "care"))
    found = read(made.events)
    own = vars(figures(list(found.calls.values()), found.spans, SETTINGS, START, DAY))
    for name, value in parsed(log).items():
        assert own[name] == pytest.approx(value, abs=0.001), name
    verbs = [line.split("|")[4] for line in log]
    assert verbs[:4] == ["ADDMEMBER", "ENTERQUEUE", "CONNECT", "ENTERQUEUE"]
    assert {"ABANDON", "HOLD", "UNHOLD", "COMPLETECALLER", "COMPLETEAGENT", "WRAPUP", "WRAPPED", "PAUSE"} <= set(verbs)


@pytest.mark.parametrize("seed", range(3))
def test_a_parser_of_the_log_finds_the_figures_of_a_shift(seed: int) -> None:
    shift = Shift(["21", "22", "23"], 10_000)
    shift.play(poisson(200, 70, 180, seed))
    found = read(shift.events)
    own = vars(figures(list(found.calls.values()), found.spans, SETTINGS, START, START + timedelta(days=9)))
    for name, value in parsed(list(lines(shift.events, "care"))).items():
        assert own[name] == pytest.approx(value, abs=0.001), name


def test_the_estimate_is_silent_below_five_handled_calls_and_without_agents() -> None:
    made = Desk(SETTINGS, {"21": ()})
    made.agent(c.Ready, "21")
    waits = made.come("31")
    call = made.queue.calls[waits]
    handled = [Handled(made.now, timedelta(minutes=4))] * 5
    assert shown(seconds(made.queue, call, handled[:4], made.now)) is None
    assert seconds(made.queue, call, handled, made.now) == 0.5 * 240
    assert vars(shown(seconds(made.queue, call, handled, made.now)) or call) == {"low": 1, "high": 3}
    assert seconds(made.queue, call, handled, made.now + timedelta(hours=2)) is None
    made.do(c.Lost(SERVER, False, "21"))
    assert seconds(made.queue, call, handled, made.now) is None
