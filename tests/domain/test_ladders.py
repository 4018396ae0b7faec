"""Ladders: points that rules give, what they lead to, and how they go away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.ladder import Ladder, Step
from spacesctl.domain.ladders import MOST_POINTS, points
from spacesctl.domain.offence import AT_ONCE, BreakerLimits, Terms
from spacesctl.domain.principals import Rule
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.words import RuleMode
from tests.domain.scenes import ANN, BOT, HOST, NOW, SPEAKER, by, live, named

DAY = 86400
SPEECH = Ladder("speech", (Step(1, "warn"), Step(3, "mute", 60), Step(5, "kick")), 30 * DAY)
ALL = frozenset({"log", "report", "warn", "mute", "kick"})


class Scene:
    def __init__(self, most: int = 100) -> None:
        self.space: Space = live(grant=Grant(BOT, HOST, ALL, breaker=BreakerLimits(most)))
        self.now = NOW
        self.made: list[e.Event] = []
        self.tick = 0

    def offend(
        self,
        severity: int = 1,
        whom: str = SPEAKER,
        mode: RuleMode = "enforce",
        ladder: Ladder = SPEECH,
        terms: Terms = AT_ONCE,
    ) -> str:
        """What becomes of one more offence: `action mode`."""
        self.tick += 100
        command = c.TakeAct(
            Rule("r", HOST, BOT), f"r:1:{self.tick}", "r", mode, "ladder", named(whom), 1, self.tick, self.tick + 9,
            terms=replace(terms, severity=severity), ladder=ladder,
        )  # fmt: skip
        self.done(command)
        told = [f"{event.action} {event.mode}" for event in self.made if isinstance(event, e.ActTaken)]
        return told[0] if told else "counted"

    def done(self, command: c.Command) -> None:
        self.made = decide(self.space, command, self.now)
        self.space = evolve_all(self.space, self.made, self.now) or self.space

    def points(self, whom: str = SPEAKER) -> int:
        return points(self.space, "speech", whom, self.now)


def test_offences_lead_from_step_to_step() -> None:
    scene = Scene()
    assert [scene.offend() for _ in range(5)] == [
        "warn enforce", "warn enforce", "mute enforce", "mute enforce", "kick enforce",
    ]  # fmt: skip
    assert scene.points() == 5
    assert SPEAKER in scene.space.barred


def test_what_is_suggested_counts_its_points_when_it_is_confirmed() -> None:
    scene = Scene()
    assert [scene.offend(mode="suggest") for _ in range(4)] == [
        "warn suggest", "warn suggest", "mute suggest", "mute suggest",
    ]  # fmt: skip
    assert scene.points() == 0
    (one,) = scene.space.suggestions.values()
    assert (one.action, one.times, one.points, one.lasts) == ("mute", 4, 4, 60)
    scene.done(c.Confirm(by(HOST), one.id, named(SPEAKER)))
    assert scene.points() == 4
    (mute,) = scene.space.sanctions.values()
    assert (mute.action, mute.until, mute.by) == ("mute", NOW + timedelta(seconds=60), {"kind": "person", "id": HOST})
    scene.done(c.Undo(by(HOST), mute.id))
    assert scene.points() == 0, "undone, they are given back"


def test_what_the_breaker_held_gives_its_points_once() -> None:
    scene = Scene(most=0)
    assert scene.offend() == "warn held"
    (one,) = scene.space.suggestions.values()
    scene.done(c.Confirm(by(HOST), one.id, named(SPEAKER)))
    assert scene.points() == 1


def test_a_step_may_make_somebody_a_listener_for_a_while() -> None:
    scene = Scene()
    scene.space = replace(scene.space, grant=Grant(BOT, HOST, ALL | {"demote"}))
    assert scene.offend(ladder=Ladder("speech", (Step(1, "demote", 60),), DAY)) == "demote enforce"
    (one,) = scene.space.sanctions_on(SPEAKER, "demote")
    assert (one.until, one.evidence) == (NOW + timedelta(seconds=60), "r:1:100")
    assert scene.space.people[SPEAKER].demoted


def test_what_was_not_confirmed_gives_no_points() -> None:
    scene = Scene()
    assert scene.offend(3, mode="unconfirmed") == "mute unconfirmed"
    assert scene.points() == 0


def test_a_step_has_its_time() -> None:
    scene = Scene()
    assert scene.offend(3) == "mute enforce"
    (mute,) = scene.space.sanctions_on(SPEAKER, "mute")
    assert mute.until == NOW + timedelta(seconds=60)
    assert mute.evidence == "r:1:100"


def test_below_the_first_step_it_is_only_noted_and_points_add_up() -> None:
    ladder = Ladder("speech", (Step(2, "mute"),), DAY)
    scene = Scene()
    assert [scene.offend(ladder=ladder), scene.offend(ladder=ladder)] == ["log enforce", "mute enforce"]


def test_points_expire() -> None:
    scene = Scene()
    assert scene.offend(2) == "warn enforce"
    scene.now += timedelta(days=30) - timedelta(seconds=1)
    assert scene.points() == 2
    scene.now += timedelta(seconds=1)
    assert scene.points() == 0
    assert scene.offend(2) == "warn enforce"
    assert len(scene.space.points) == 1, "what has expired is not kept"


def test_each_account_and_each_ladder_has_its_own() -> None:
    scene = Scene()
    scene.offend(2)
    assert scene.offend(2, ladder=replace(SPEECH, name="spam")) == "warn enforce"
    assert (scene.points(), scene.points(ANN)) == (2, 0)


def test_a_sanction_that_is_undone_takes_its_points_back() -> None:
    scene = Scene()
    scene.offend(2)
    scene.offend(1)
    assert scene.points() == 3
    (mute,) = scene.space.sanctions_on(SPEAKER, "mute")
    scene.done(c.Undo(by(HOST), mute.id))
    assert scene.points() == 2
    assert scene.offend(1) == "mute enforce"


def test_what_ends_by_itself_keeps_its_points() -> None:
    scene = Scene()
    scene.offend(3)
    (mute,) = scene.space.sanctions_on(SPEAKER, "mute")
    scene.space = evolve_all(scene.space, [e.SanctionLifted(mute.id, "mute", SPEAKER, "expired")], NOW) or scene.space
    assert scene.points() == 3


def test_what_is_only_recorded_says_the_step_and_gives_no_points() -> None:
    scene = Scene()
    assert [scene.offend(3, mode="shadow"), scene.offend(3, mode="shadow")] == ["mute shadow"] * 2
    assert scene.points() == 0


def test_what_only_counts_gives_none_and_what_is_held_does() -> None:
    scene = Scene(most=0)
    assert scene.offend(1, terms=Terms(times=2)) == "counted"
    assert scene.points() == 0
    assert scene.offend(1, terms=Terms(times=2)) == "warn held"
    assert scene.points() == 1


def test_a_step_that_the_host_has_not_granted_is_refused() -> None:
    from spacesctl.domain.errors import NotAllowed

    scene = Scene()
    scene.space = replace(scene.space, grant=Grant(BOT, HOST, ALL - {"mute"}))
    assert scene.offend(1) == "warn enforce"
    with pytest.raises(NotAllowed):
        scene.offend(2)


def test_of_very_many_points_the_oldest_are_forgotten() -> None:
    scene = Scene()
    given_ = [e.PointsGiven("speech", ANN, 1, str(n), NOW + timedelta(days=1)) for n in range(MOST_POINTS + 5)]
    scene.space = evolve_all(scene.space, given_, NOW) or scene.space
    assert scene.points(ANN) == MOST_POINTS


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 20)), max_size=12))
def test_the_step_is_the_one_that_the_points_of_the_last_days_reach(offences: list[tuple[int, int]]) -> None:
    scene = Scene()
    had: list[tuple[int, int]] = []
    day = 0
    for severity, days in offences:
        day += days
        scene.now = NOW + timedelta(days=day)
        total = severity + sum(points for points, at in had if day - at < 30)
        expected = "kick" if total >= 5 else "mute" if total >= 3 else "warn"
        scene.space = replace(scene.space, barred={}, people={**live().people})
        assert scene.offend(severity) == f"{expected} enforce"
        had.append((severity, day))
