"""When a rule acts: repeats, cooldowns and the circuit breaker, counted in the Space."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import acts
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.ladder import Ladder, Step
from spacesctl.domain.offence import AT_ONCE, BreakerLimits, Terms
from spacesctl.domain.offences import MOST_OFFENDERS, WINDOW, verdict
from spacesctl.domain.principals import Rule
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.words import RuleMode
from tests.domain.scenes import ANN, BEN, BOT, COHOST, HOST, NOW, SPEAKER, by, live, named, with_person

ACTIONS = frozenset({"log", "report", "redact", "warn", "mute", "kick", "block"})
THIRD = Terms(times=3, within=500)
QUIET = Terms(cooldown=200)


def granted(most: int = 5, severest: int = 1) -> Space:
    return live(grant=Grant(BOT, HOST, ACTIONS, breaker=BreakerLimits(most, severest)))


class Scene:
    """A Space in which rules act on what is said at some ticks."""

    def __init__(self, space: Space | None = None) -> None:
        self.space = space or granted()
        self.now = NOW
        self.events: list[e.Event] = []

    def act(
        self,
        tick: int,
        action: str = "report",
        terms: Terms = AT_ONCE,
        *,
        whom: str = SPEAKER,
        rule: str = "r",
        lane: int = 1,
        mode: RuleMode = "enforce",
        last: int | None = None,
    ) -> str:
        """What becomes of the act: its mode."""
        ends = tick + 10 if last is None else last
        command = c.TakeAct(
            Rule(rule, HOST, BOT), f"{rule}:{lane}:{tick}:{action}", rule, mode, action, named(whom), lane, tick, ends, "7",
            terms=terms,
        )  # fmt: skip
        judged = acts.judged(self.space, command, self.now)
        made = decide(self.space, command, self.now)
        told = [event.mode for event in made if isinstance(event, e.ActTaken)]
        assert told == ([] if judged.mode == "counted" else [judged.mode])
        self.space = evolve_all(self.space, made, self.now) or self.space
        self.events += made
        return judged.mode

    def about_the_space(self, tick: int, action: str) -> str:
        """The same of an act that is about nobody."""
        command = c.TakeAct(
            Rule("r", HOST, BOT), f"r:0@:{tick}:{action}", "r", "enforce", action, c.THE_SPACE, 0, tick, tick
        )
        mode = verdict(self.space, command, self.now).mode
        made = decide(self.space, command, self.now)
        self.space = evolve_all(self.space, made, self.now) or self.space
        return mode

    def acts(
        self, ticks: list[int], action: str = "report", terms: Terms = AT_ONCE, *, whom: str = SPEAKER
    ) -> list[str]:
        return [self.act(tick, action, terms, whom=whom) for tick in ticks]


def test_a_rule_without_terms_acts_on_each_offence_and_counts_none() -> None:
    scene = Scene()
    assert scene.acts([0, 5, 100]) == ["enforce"] * 3
    assert not scene.space.offenders


@pytest.mark.parametrize(
    ("terms", "ticks", "expected"),
    [
        (THIRD, [0, 100, 200, 300, 400, 500], "ccacca"),
        (THIRD, [0, 100, 601, 700, 800], "cccca"),
        (Terms(times=2), [0, 1_000_000], "ca"),
        (QUIET, [0, 100, 199, 211, 400, 500], "accaca"),
        (Terms(times=2, within=500, cooldown=200), [0, 100, 150, 320, 400], "cacca"),
    ],
)
def test_offences_are_counted_on_the_clock_of_the_space(terms: Terms, ticks: list[int], expected: str) -> None:
    assert "".join({"counted": "c", "enforce": "a"}[one] for one in Scene().acts(ticks, terms=terms)) == expected


def test_all_actions_of_one_offence_are_taken() -> None:
    scene = Scene()
    for tick, mode in ((0, "counted"), (100, "counted"), (200, "enforce")):
        assert [scene.act(tick, action, THIRD) for action in ("report", "mute")] == [mode] * 2
    assert len([event for event in scene.events if isinstance(event, e.OffenceCounted)]) == 3


@pytest.mark.parametrize("again", [0, 5, 100, 109])
def test_the_same_words_heard_again_by_another_bot_count_once(again: int) -> None:
    scene = Scene()
    assert scene.acts([0, 100], terms=THIRD) == ["counted"] * 2
    assert scene.act(again, terms=THIRD) == "counted"
    assert scene.act(200, terms=THIRD) == "enforce"


def test_each_account_and_each_rule_is_counted_by_itself_and_lanes_are_not() -> None:
    scene = Scene(with_person(granted(), ANN, lane=2))
    assert scene.act(0, terms=THIRD) == scene.act(100, terms=THIRD) == "counted"
    assert scene.act(200, terms=THIRD, whom=ANN, lane=2) == "counted"
    assert scene.act(200, terms=THIRD, rule="other") == "counted"
    assert scene.act(300, terms=THIRD, lane=7) == "enforce", "a microphone that was opened again"


def test_rules_that_are_pushed_forget_nothing() -> None:
    scene = Scene()
    assert scene.acts([0, 100], terms=THIRD) == ["counted"] * 2
    for rules_hash in (None, "b" * 64):
        made = decide(scene.space, c.SetRules(by(HOST), rules_hash, BOT, ACTIONS), NOW)
        scene.space = evolve_all(scene.space, made, NOW) or scene.space
    assert scene.act(200, terms=THIRD) == "enforce"


def test_of_very_many_offenders_the_oldest_are_forgotten() -> None:
    scene = Scene()
    for n in range(MOST_OFFENDERS + 2):
        scene.act(n * 20, terms=THIRD, rule=f"r{n}")
    assert len(scene.space.offenders) == MOST_OFFENDERS
    assert f"r1 {SPEAKER}" not in scene.space.offenders
    assert f"r2 {SPEAKER}" in scene.space.offenders


# -- the circuit breaker


def test_more_sanctions_than_the_host_allows_are_held_and_told_once() -> None:
    scene = Scene(granted(most=2))
    people = [SPEAKER, ANN, BEN, HOST]
    modes = [scene.act(n * 100, "block", whom=whom) for n, whom in enumerate(people)]
    assert modes == ["enforce", "enforce", "held", "shadow"], "nothing is done to the host"
    tripped = [event for event in scene.events if isinstance(event, e.BreakerTripped)]
    assert tripped == [e.BreakerTripped("", NOW + WINDOW)]


@pytest.mark.parametrize("action", ["log", "redact", "report"])
def test_what_protects_and_what_tells_takes_no_slot_and_is_never_held(action: str) -> None:
    scene = Scene(granted(most=1))
    assert scene.acts([0], "kick") == ["enforce"]
    assert scene.act(100, "kick", whom=ANN) == "held"
    assert scene.acts([n * 20 for n in range(10, 210)], action) == ["enforce"] * 200
    assert len(scene.space.rule_sanctions) == 1


def test_one_who_uses_up_more_than_half_is_held_alone() -> None:
    scene = Scene(granted(most=4))
    modes = scene.acts([0, 100, 200, 300, 400], "kick", whom=ANN)
    assert modes == ["enforce", "enforce", "enforce", "held", "held"]
    assert scene.act(500, "kick", whom=BEN) == "enforce", "others are not"
    tripped = [event for event in scene.events if isinstance(event, e.BreakerTripped)]
    assert [event.account_id for event in tripped] == [ANN]


def test_the_last_slot_is_kept_for_the_worst() -> None:
    scene = Scene(granted(most=2, severest=3))
    assert scene.act(0, "mute", Terms(severity=1)) == "enforce"
    assert scene.act(100, "block", Terms(severity=2), whom=ANN) == "held"
    assert scene.act(200, "block", Terms(severity=3), whom=BEN) == "enforce"


def test_where_only_one_is_allowed_anybody_may_have_it() -> None:
    assert Scene(granted(most=1, severest=3)).act(0, "mute", Terms(severity=1)) == "enforce"
    assert Scene(granted(most=0)).act(0, "mute") == "held"


def test_each_sanction_of_an_offence_takes_a_slot() -> None:
    scene = Scene(granted(most=3))
    assert [scene.act(0, action) for action in ("report", "mute", "kick")] == ["enforce"] * 3
    assert scene.act(100, "block", whom=ANN) == "enforce"
    assert scene.act(200, "block", whom=BEN) == "held"


def test_after_five_minutes_rules_act_again_and_staff_are_told_again() -> None:
    scene = Scene(granted(most=1))
    assert scene.acts([0, 100], "kick") == ["enforce", "held"]
    scene.now += WINDOW
    assert scene.act(200, "kick", whom=ANN) == "enforce"
    assert scene.act(300, "kick", whom=BEN) == "held"
    assert sum(isinstance(event, e.BreakerTripped) for event in scene.events) == 2
    assert len(scene.space.rule_sanctions) == 1


@pytest.mark.parametrize("mode", ["shadow", "suggest", "held"])
def test_what_is_only_recorded_takes_no_slot(mode: RuleMode) -> None:
    scene = Scene(granted(most=1))
    assert scene.act(0, "kick", mode=mode) == mode
    assert scene.act(0, "kick") == "enforce"


def test_what_was_not_confirmed_counts_for_nobody() -> None:
    scene = Scene()
    assert [scene.act(at, "mute", THIRD, mode="unconfirmed") for at in (0, 20, 40, 60)] == ["unconfirmed"] * 4
    assert not scene.space.offenders
    assert scene.acts([80, 100, 120], "mute", THIRD) == ["counted", "counted", "enforce"]


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([SPEAKER, ANN, BEN]),
        st.integers(0, 40).map(lambda n: n * 15),
        st.sampled_from(["report", "mute", "kick", "block"]),
        st.integers(0, 200),
    ),
    max_size=30,
)


@given(MOMENTS, st.integers(0, 6), st.sampled_from([AT_ONCE, THIRD, QUIET]))
def test_in_no_five_minutes_do_rules_take_more_sanctions_than_allowed(
    moments: list[tuple[str, int, str, int]], most: int, terms: Terms
) -> None:
    scene = Scene(with_person(with_person(granted(most), ANN, lane=2), BEN, lane=3))
    taken: list[tuple[datetime, str]] = []
    for whom, tick, action, seconds in moments:
        scene.now += timedelta(seconds=seconds)
        if action == "mute":
            scene.space = replace(
                scene.space, people={one: replace(who, server_muted=False) for one, who in scene.space.people.items()}
            )
        lane = {SPEAKER: 1, ANN: 2, BEN: 3}[whom]
        if action == "mute" and scene.space.role_of(whom).rank < 1:
            continue
        if scene.act(tick, action, terms, whom=whom, lane=lane) == "enforce" and action != "report":
            taken.append((scene.now, whom))
    for until, _ in taken:
        recent = [whom for at, whom in taken if timedelta() <= until - at < WINDOW]
        assert len(recent) <= most
        assert all(recent.count(whom) <= most // 2 + 1 for whom in recent)


@given(
    st.permutations([0, 20, 40, 60, 80, 100]), st.sampled_from([THIRD, QUIET, Terms(times=2, within=30, cooldown=30)])
)
def test_what_is_delivered_again_changes_nothing(ticks: list[int], terms: Terms) -> None:
    once, twice = Scene(), Scene()
    for tick in ticks:
        first = once.act(tick, terms=terms)
        assert twice.act(tick, terms=terms) == first
        assert twice.act(tick, terms=terms) == first
    assert once.space.offenders == twice.space.offenders


def test_acts_about_the_space_take_slots_of_the_breaker_and_are_nobodys_alone() -> None:
    scene = Scene(granted(most=4))
    scene.space = replace(scene.space, grant=Grant(BOT, HOST, ACTIONS | {"lock", "slow"}, breaker=BreakerLimits(4, 1)))
    modes = [
        scene.about_the_space(tick, action)
        for tick, action in ((0, "lock"), (50, "slow"), (100, "lock"), (150, "slow"), (200, "lock"))
    ]
    assert modes == ["enforce"] * 4 + ["held"], "one account could have three"
    assert [one.action for one in scene.space.measures] == ["lock", "slow"], "what is in effect is not begun again"
    assert scene.act(300, "mute") == "held"


def test_a_listener_who_was_reported_is_not_muted_and_the_rest_is_done() -> None:
    scene = Scene()
    assert scene.act(0, "mute", whom=BEN) == "shadow"
    assert not [event for event in scene.events if isinstance(event, e.ServerMuted)]
    assert scene.act(0, "report", whom=BEN) == "enforce"
    assert [event.account_id for event in scene.events if isinstance(event, e.ReportFiled)] == [BEN]


@pytest.mark.parametrize("whom", [COHOST, HOST, ANN])
def test_a_sanction_that_comes_to_nothing_is_recorded_and_counts_for_nothing(whom: str) -> None:
    scene = Scene(granted(1))
    for tick in (100, 200, 300):
        command = c.TakeAct(
            Rule("r", HOST, BOT), f"r:{tick}", "r", "enforce", "mute", named(whom), 1, tick, tick + 10, "7",
            ladder=Ladder("l", (Step(1, "mute"),), 3600),
        )  # fmt: skip
        made = decide(scene.space, command, NOW)
        assert [event.mode for event in made if isinstance(event, e.ActTaken)] == ["shadow"]
        assert not any(isinstance(event, e.PointsGiven | e.BreakerTripped) for event in made)
        scene.space = evolve_all(scene.space, made, NOW) or scene.space
    assert scene.act(400, "mute") == "enforce", "the only slot is free for somebody else"
