"""The judge at the edges: the very second, the very tick, the very count at which its answer turns."""

from __future__ import annotations

import pytest

from spacesctl.rules.rule_engine import JOIN_TICKS, HeardUtterance, Word
from tests.rules.test_rule_engine import PHRASE, judge, say


def at_tick(text: str, tick: int, utterance: int, lane: int = 1, account_id: str = "account1") -> HeardUtterance:
    """All words in one tick."""
    words = tuple(Word(w, tick / 50, tick / 50, 0.9, tick, tick) for w in text.split())
    return HeardUtterance(lane, account_id, "speaker", "person", words, True, utterance)


def test_a_decision_names_whose_words_matched_what() -> None:
    (decision,) = judge().hear(say(PHRASE.upper(), account_id="ann", lane=7))
    assert (decision.account_id, decision.lane, decision.matched) == ("ann", 7, PHRASE)


@pytest.mark.parametrize(("pause", "joined"), [(JOIN_TICKS, True), (JOIN_TICKS + 1, False)])
def test_a_phrase_is_joined_over_a_pause_of_three_seconds_at_most(pause: int, joined: bool) -> None:
    ruled = judge()
    assert ruled.hear(at_tick("send me", 100, 1)) == []
    assert bool(ruled.hear(at_tick("your password", 100 + pause, 2))) is joined


def test_an_utterance_without_words_ends_no_phrase() -> None:
    ruled = judge()
    ruled.hear(at_tick("send me", 100, 1))
    ruled.hear(at_tick("", 120, 2))
    assert len(ruled.hear(at_tick("your password", 130, 3))) == 1


def test_utterances_are_judged_once_and_in_order() -> None:
    ruled = judge(phrase="scam")
    assert len(ruled.hear(at_tick("scam", 100, 5))) == 1
    assert ruled.hear(at_tick("scam", 200, 5)) == [], "delivered again"
    assert ruled.hear(at_tick("scam", 200, 4)) == [], "older"
    assert len(ruled.hear(at_tick("scam", 200, 6))) == 1


def test_the_first_utterance_of_a_lane_may_be_number_0_at_tick_0() -> None:
    assert len(judge(phrase="scam").hear(at_tick("scam", 0, 0))) == 1


def test_hits_that_share_a_tick_are_one_offence() -> None:
    ruled = judge(phrase="scam")
    assert len(ruled.hear(at_tick("scam scam", 100, 1))) == 1


def test_a_lane_that_is_forgotten_begins_anew() -> None:
    ruled = judge()
    ruled.hear(at_tick("send me", 100, 9))
    ruled.forget(1)
    assert ruled.hear(at_tick("your password", 110, 1)) == [], (
        "another session: nothing to join, and numbers begin anew"
    )
    assert len(ruled.hear(at_tick(PHRASE, 120, 2))) == 1
    ruled.forget(1)
    ruled.forget(1)


def test_an_old_tail_of_words_is_cut_but_holds_the_longest_phrase() -> None:
    phrase = " ".join(f"w{n}" for n in range(16))
    ruled = judge(phrase=phrase)
    first, rest = phrase.split()[:15], phrase.split()[15:]
    ruled.hear(at_tick(" ".join(["x"] * 40 + first), 100, 1))
    assert len(ruled.hear(at_tick(" ".join(rest), 110, 2))) == 1
