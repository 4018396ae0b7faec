"""What a trial counts is what the server would count: repeats, cooldowns, the circuit breaker, ladders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.rules.counting import Counting, Taken
from spacesctl.rules.rule_engine import RuleEngine
from tests.domain.scenes import NOW
from tests.domain.test_offences import Scene, granted
from tests.rules.test_rule_engine import PHRASE, judge, say
from tests.rules.test_utterances import at_tick

LADDER = '[ladder.l]\nsteps = [ { points = 2, do = "warn" }, { points = 3, do = "mute", for = "60s" } ]\n'


def taken(ruled: RuleEngine, *said: tuple[float, int]) -> list[list[Taken]]:
    """What becomes of the phrase, said at some seconds on some lanes."""
    counting = Counting(ruled.ruleset)
    return [
        counting.take(one)
        for n, (at, lane) in enumerate(said)
        for one in ruled.hear(say(PHRASE, at=at, lane=lane, utterance=n))
    ]


def acted(ruled: RuleEngine, *said: tuple[float, int]) -> list[float]:
    """When the rule acted."""
    return [at for (at, _), became in zip(said, taken(ruled, *said), strict=True) if became[0].mode != "counted"]


def held(ruled: RuleEngine, *said: tuple[float, int], action: str = "mute") -> list[str]:
    return [one.mode for became in taken(ruled, *said) for one in became if one.action == action]


def test_repeat_counts_offences_of_one_account_within_the_window() -> None:
    said = [(0, 1), (10, 2), (50, 1), (70, 1), (75, 1), (80, 1)]
    assert acted(judge('repeat = { times = 3, within = "60s" }'), *said) == [75], (
        "0 is out of the window by then, 10 was somebody else, and the count begins anew"
    )


def test_a_cooldown_leaves_the_account_alone_but_not_others() -> None:
    assert acted(judge('cooldown = "45s"'), (0, 1), (10, 1), (20, 2), (60, 1)) == [0, 20, 60]


@pytest.mark.parametrize(
    ("terms", "apart", "acts"),
    [
        ('repeat = { times = 2, within = "60s" }', 60, [False, True]),
        ('repeat = { times = 2, within = "60s" }', 60.02, [False, False]),
        ('cooldown = "45s"', 44.98, [True, False]),
        ('cooldown = "45s"', 45, [True, True]),
    ],
)
def test_windows_end_to_the_tick(terms: str, apart: float, acts: list[bool]) -> None:
    ruled = judge(terms, phrase="scam")
    counting = Counting(ruled.ruleset)
    said = [at_tick("scam", 500 + round(n * apart * 50), n) for n in range(2)]
    assert [counting.take(one)[0].mode != "counted" for each in said for one in ruled.hear(each)] == acts


def test_what_is_said_in_a_cooldown_does_not_count_towards_the_next_act() -> None:
    ruled = judge('cooldown = "10s"\nrepeat = { times = 2, within = "60s" }')
    assert acted(ruled, *((at, 1) for at in (0, 3, 6, 15, 18))) == [3, 18]


def test_with_the_breaker_open_sanctions_are_held_and_the_rest_goes_on() -> None:
    ruled = judge('actions = ["redact", "report", "log", "mute"]', "[limits]\nmax_auto_actions_per_5min = 2")
    found = taken(ruled, *((10 * n, n) for n in range(4)))
    assert [{one.mode for one in became if one.action != "mute"} for became in found] == [{"enforce"}] * 4
    assert [one.mode for became in found for one in became if one.action == "mute"] == [
        "enforce",
        "enforce",
        "held",
        "held",
    ]


def test_one_account_has_half_of_the_slots_and_one_more() -> None:
    ruled = judge(limits="[limits]\nmax_auto_actions_per_5min = 4")
    assert held(ruled, *((10 * n, 1) for n in range(4)), (45, 2)) == ["enforce"] * 3 + ["held", "enforce"]


def test_sanctions_go_on_five_minutes_later() -> None:
    ruled = judge(limits="[limits]\nmax_auto_actions_per_5min = 1")
    assert held(ruled, (0, 1), (100, 2), (400, 3)) == ["enforce", "held", "enforce"]


def test_a_limit_of_zero_never_sanctions() -> None:
    assert held(judge(limits="[limits]\nmax_auto_actions_per_5min = 0"), (0, 1)) == ["held"]


def test_a_ladder_is_climbed() -> None:
    ruled = judge('actions = ["ladder:l"]\ncooldown = "5s"', LADDER)
    found = taken(ruled, *((10 * n, 1) for n in range(4)))
    assert [one.done for became in found for one in became] == ["log", "warn", "mute", "mute"]


def test_what_is_only_recorded_takes_no_slot() -> None:
    ruled = judge('mode = "shadow"', "[limits]\nmax_auto_actions_per_5min = 1")
    assert held(ruled, *((10 * n, 1) for n in range(3))) == ["shadow"] * 3


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3)), max_size=12), st.integers(0, 3))
def test_a_trial_and_the_server_agree(said: list[tuple[int, int]], most: int) -> None:
    limits = f"[limits]\nmax_auto_actions_per_5min = {most}"
    ruled = judge(
        'actions = ["report", "warn"]\nrepeat = { times = 2, within = "20s" }\ncooldown = "5s"', limits, "scam"
    )
    counting, server = Counting(ruled.ruleset), Scene(granted(most))
    for n, (tick, lane) in enumerate(sorted(set(said))):
        server.now = NOW + timedelta(seconds=tick * 20 * TICK_SECONDS)
        for one in ruled.hear(at_tick("scam", tick * 20, n, lane, f"account{lane}")):
            modes = [
                server.act(tick * 20, action, one.terms, whom=one.account_id, lane=lane, last=tick * 20)
                for action in one.actions
            ]
            assert [each.mode for each in counting.take(one)] == modes
