"""The judge at the edges: the very second, the very tick, the very count at which its answer turns."""

from __future__ import annotations

import pytest

from spacesctl.rules.rule_engine import BREAKER_SECONDS, JOIN_TICKS, Breaker, HeardUtterance, Word
from tests.rules.test_rule_engine import PHRASE, judge, say


def at_tick(text: str, tick: int, utterance: int, lane: int = 1, account_id: str = "account1") -> HeardUtterance:
    """All words in one tick."""
    words = tuple(Word(w, tick / 50, tick / 50, 0.9, tick, tick) for w in text.split())
    return HeardUtterance(lane, account_id, "speaker", "person", words, True, utterance)


def test_a_breaker_opens_at_one_act_too_many_within_five_minutes() -> None:
    breaker = Breaker(2)
    assert [breaker.take(at) for at in (1000.0, 1001.0, 1000.0 + BREAKER_SECONDS)] == [True, True, False]
    assert breaker.open
    assert not breaker.take(9999.0), "it stays open"


def test_a_breaker_forgets_acts_of_more_than_five_minutes_ago_one_by_one() -> None:
    breaker = Breaker(2)
    taken = [breaker.take(at) for at in (1000.0, 1100.0, 1000.5 + BREAKER_SECONDS, 1100.5 + BREAKER_SECONDS)]
    assert taken == [True] * 4
    assert not breaker.take(1101.0 + BREAKER_SECONDS)


def test_a_decision_names_whose_words_matched_what() -> None:
    (decision,) = judge().hear(say(PHRASE.upper(), account_id="ann", lane=7), 0)
    assert (decision.account_id, decision.lane, decision.matched) == ("ann", 7, PHRASE)


@pytest.mark.parametrize(("pause", "joined"), [(JOIN_TICKS, True), (JOIN_TICKS + 1, False)])
def test_a_phrase_is_joined_over_a_pause_of_three_seconds_at_most(pause: int, joined: bool) -> None:
    ruled = judge()
    assert ruled.hear(at_tick("send me", 100, 1), 0) == []
    assert bool(ruled.hear(at_tick("your password", 100 + pause, 2), 0)) is joined


def test_an_utterance_without_words_ends_no_phrase() -> None:
    ruled = judge()
    ruled.hear(at_tick("send me", 100, 1), 0)
    ruled.hear(at_tick("", 120, 2), 0)
    assert len(ruled.hear(at_tick("your password", 130, 3), 0)) == 1


def test_utterances_are_judged_once_and_in_order() -> None:
    ruled = judge(phrase="scam")
    assert len(ruled.hear(at_tick("scam", 100, 5), 0)) == 1
    assert ruled.hear(at_tick("scam", 200, 5), 0) == [], "delivered again"
    assert ruled.hear(at_tick("scam", 200, 4), 0) == [], "older"
    assert len(ruled.hear(at_tick("scam", 200, 6), 0)) == 1


def test_the_first_utterance_of_a_lane_may_be_number_0_at_tick_0() -> None:
    assert len(judge(phrase="scam").hear(at_tick("scam", 0, 0), 0)) == 1


def test_hits_that_share_a_tick_are_one_offence() -> None:
    ruled = judge(phrase="scam")
    assert len(ruled.hear(at_tick("scam scam", 100, 1), 0)) == 1


def test_a_lane_that_is_forgotten_begins_anew() -> None:
    ruled = judge()
    ruled.hear(at_tick("send me", 100, 9), 0)
    ruled.forget(1)
    assert ruled.hear(at_tick("your password", 110, 1), 0) == [], (
        "another session: nothing to join, and numbers begin anew"
    )
    assert len(ruled.hear(at_tick(PHRASE, 120, 2), 0)) == 1
    ruled.forget(1)
    ruled.forget(1)


def test_an_old_tail_of_words_is_cut_but_holds_the_longest_phrase() -> None:
    phrase = " ".join(f"w{n}" for n in range(16))
    ruled = judge(phrase=phrase)
    first, rest = phrase.split()[:15], phrase.split()[15:]
    ruled.hear(at_tick(" ".join(["x"] * 40 + first), 100, 1), 0)
    assert len(ruled.hear(at_tick(" ".join(rest), 110, 2), 0)) == 1


@pytest.mark.parametrize(("apart", "acts"), [(60, True), (60.02, False)])
def test_repeats_count_within_their_window_to_the_tick(apart: float, acts: bool) -> None:
    ruled = judge('repeat = { times = 2, within = "60s" }', phrase="scam")
    assert ruled.hear(at_tick("scam", 500, 1), 0) == []
    assert bool(ruled.hear(at_tick("scam", 500 + round(apart * 50), 2), 0)) is acts


@pytest.mark.parametrize(("after", "acts"), [(44.98, False), (45, True)])
def test_a_cooldown_ends_to_the_tick(after: float, acts: bool) -> None:
    ruled = judge('cooldown = "45s"', phrase="scam")
    assert len(ruled.hear(at_tick("scam", 500, 1), 0)) == 1
    assert bool(ruled.hear(at_tick("scam", 500 + round(after * 50), 2), 0)) is acts


def test_what_is_said_in_a_cooldown_does_not_count_towards_the_next_act() -> None:
    ruled = judge('cooldown = "10s"\nrepeat = { times = 2, within = "60s" }', phrase="scam")
    said = [(0, False), (1, True), (5, False), (12, False), (13, True)]
    assert [bool(ruled.hear(at_tick("scam", at * 50, n), 0)) for n, (at, _) in enumerate(said)] == [
        acts for _, acts in said
    ]
