"""One voice in several lanes is found once, whoever's words are known first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.bleed import APART, WAIT, BleedGuard
from spacesctl.rules.room_facts import Conduct, KnownPerson, RoomFacts
from spacesctl.rules.room_sound import LaneLevel, RoomSound
from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine
from tests.rules.test_rule_engine import PHRASE, judge, say


class Room:
    """Lanes with their levels, and the rule that all of them are judged by."""

    def __init__(self, **levels: int) -> None:
        self.sound = RoomSound()
        for tick in range(12, 2000, 12):
            told = [LaneLevel(int(lane[1:]), level, level > -100) for lane, level in levels.items()]
            self.sound.take(tick, told)
        self.guard = BleedGuard(self.sound, lambda decision, who: self.engine.applies(decision, who))
        self.engine: RuleEngine = judge(limits="[limits]\nmax_auto_actions_per_5min = 1000")

    def hears(self, said: HeardUtterance, now: float = 0.0, age: float = 0.0) -> list[Decision]:
        self.guard.heard(said)
        stand = self.guard.due(now)
        for decision in self.engine.hear(said):
            stand += self.guard.take(decision, now, age)
        return stand


def lanes(decisions: list[Decision]) -> list[int]:
    return [one.lane for one in decisions]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_one_voice_in_three_lanes_is_found_once_in_the_loudest(order: tuple[int, ...]) -> None:
    room = Room(l1=-35, l2=-14, l3=-28)
    found = [decision for n, lane in enumerate(order) for decision in room.hears(say(PHRASE, at=10, lane=lane), n)]
    found += room.guard.due(3 + WAIT)
    assert lanes(found) == [2]
    assert sorted(lane for _, lane, _ in room.guard.bled) == [1, 3]
    assert not room.guard.waits


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_of_equally_loud_lanes_the_first_one_has_the_words(order: tuple[int, ...]) -> None:
    room = Room(l1=-20, l2=-20, l3=-20)
    found = [decision for n, lane in enumerate(order) for decision in room.hears(say(PHRASE, at=10, lane=lane), n)]
    assert lanes(found + room.guard.due(3 + WAIT)) == [1]


def test_the_loudest_lane_never_waits_and_a_quieter_one_waits_for_its_words() -> None:
    room = Room(l1=-35, l2=-14)
    assert room.hears(say(PHRASE, at=10, lane=1), 0.0) == []
    assert room.guard.waits
    assert lanes(room.hears(say(PHRASE, at=10, lane=2), 2.0)) == [2], "two seconds later"
    assert not room.guard.waits


def test_own_words_of_a_quieter_voice_stand_as_soon_as_the_louder_ones_are_known() -> None:
    room = Room(l1=-35, l2=-14)
    assert room.hears(say(PHRASE, at=10, lane=1), 0.0) == []
    assert lanes(room.hears(say("what a lovely day", at=10, lane=2), 1.0)) == [1]


def test_nobody_waits_for_who_is_silent_or_for_ever() -> None:
    assert lanes(Room(l1=-35, l2=-127).hears(say(PHRASE, at=10, lane=1))) == [1]
    room = Room(l1=-35, l2=-14)
    assert room.hears(say(PHRASE, at=10, lane=1), 0.0) == []
    assert room.guard.due(WAIT - 0.1) == []
    assert lanes(room.guard.due(WAIT)) == [1]


def test_old_words_wait_less_so_that_they_are_not_too_old_to_be_acted_on() -> None:
    room = Room(l1=-35, l2=-14)
    assert room.hears(say(PHRASE, at=10, lane=1), 0.0, age=7.0) == []
    assert lanes(room.guard.due(2.0)) == [1]
    assert lanes(Room(l1=-35, l2=-14).hears(say(PHRASE, at=10, lane=1), 0.0, age=9.0)) == [1]


def test_words_of_a_host_in_the_microphone_of_a_guest_are_the_hosts() -> None:
    room = Room(l1=-35, l2=-14)
    assert room.hears(say(PHRASE, at=10, lane=2, role="host")) == []
    assert room.hears(say(PHRASE, at=10.2, lane=1)) == []
    assert room.guard.bled == [("a", 1, 2)]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("accomplice", [{"role": "host"}, {"role": "cohost"}, {"role": "listener"}, {"kind": "bot"}])
@pytest.mark.parametrize(("level", "found"), [(-14, [1]), (-9, [1]), (-8, [])])
def test_a_louder_accomplice_to_whom_the_rule_does_not_apply_shields_nobody(
    order: tuple[int, int], accomplice: dict[str, Any], level: int, found: list[int]
) -> None:
    room = Room(l1=-20, l2=level)
    said = {1: say(PHRASE, at=10, lane=1), 2: say(PHRASE, at=10.1, lane=2, **accomplice)}
    heard = [decision for n, lane in enumerate(order) for decision in room.hears(said[lane], n)]
    assert lanes(heard + room.guard.due(2 + WAIT)) == found


def test_nor_does_one_whose_account_is_too_old_for_the_rule() -> None:
    room = Room(l1=-20, l2=-14)
    facts = RoomFacts()
    people = [KnownPerson(f"u{lane}", "speaker", "person", -born, 0) for lane, born in ((1, 50), (2, 500_000))]
    facts.conduct = Conduct(0, people={one.account_id: one for one in people})
    new = RuleEngine(judge('when.all = [ { account_age = "<1h" } ]').ruleset, facts=facts)
    room.engine = new
    old, young = (say(PHRASE, at=10, lane=lane, account_id=f"u{lane}") for lane in (2, 1))
    assert lanes(room.hears(old) + room.hears(young) + room.guard.due(WAIT)) == [1]


def test_beside_an_accomplice_one_voice_is_still_one_offence_of_its_loudest_lane() -> None:
    room = Room(l1=-14, l2=-20, l3=-34)
    found = [
        one
        for lane, role in ((3, "speaker"), (2, "speaker"), (1, "host"))
        for one in room.hears(say(PHRASE, at=10, lane=lane, role=role))
    ]
    assert lanes(found + room.guard.due(WAIT)) == [2]


@pytest.mark.parametrize(("later", "found"), [(APART / 50, []), ((APART + 1) / 50, [1])])
def test_words_are_the_same_within_300_ms(later: float, found: list[int]) -> None:
    room = Room(l1=-35, l2=-14)
    room.hears(say(PHRASE, at=10, lane=2, role="host"))
    assert lanes(room.hears(say(PHRASE, at=10 + later, lane=1)) + room.guard.due(WAIT)) == found


def test_words_that_were_divided_otherwise_are_the_same() -> None:
    room = Room(l1=-35, l2=-14)
    room.engine = judge(phrase="crypto giveaway")
    room.hears(say("crypto give away", at=10, lane=2, role="host"))
    assert room.hears(say("crypto giveaway", at=10, lane=1)) == []


def test_a_part_of_another_word_is_not_the_same() -> None:
    room = Room(l1=-35, l2=-14)
    room.engine = judge(phrase="ass")
    room.hears(say("class", at=10, lane=2, role="host"))
    assert lanes(room.hears(say("ass", at=10, lane=1))) == [1]


def test_without_levels_nobody_waits_and_who_is_known_first_has_the_words() -> None:
    room = Room()
    found = [one for lane in (2, 1, 3) for one in room.hears(say(PHRASE, at=10, lane=lane))]
    assert lanes(found) == [2]


def test_the_same_again_later_is_another_time() -> None:
    room = Room(l1=-35, l2=-14)
    found = [one for at in (10, 20) for lane in (2, 1) for one in room.hears(say(PHRASE, at=at, lane=lane))]
    assert [(one.lane, one.start_tick) for one in found] == [(2, 500), (2, 1000)]


@given(
    st.permutations([1, 2, 3, 4]),
    st.lists(st.integers(-60, -3), min_size=4, max_size=4),
    st.lists(st.integers(-5, 5), min_size=4, max_size=4),
    st.lists(st.floats(0, 1.2), min_size=4, max_size=4),
)
def test_in_whatever_order_and_how_loud_a_voice_is_found_exactly_once(
    order: list[int], levels: list[int], shifts: list[int], pauses: list[float]
) -> None:
    """The recogniser's times of the same words differ a little, and results come when they come."""
    room = Room(**{f"l{n + 1}": level for n, level in enumerate(levels)})
    now, found = 0.0, list[Decision]()
    for lane, pause in zip(order, pauses, strict=True):
        now += pause
        found += room.hears(say(PHRASE, at=10 + shifts[lane - 1] / 50, lane=lane), now)
    found += room.guard.due(now + WAIT)
    assert len(found) == 1
    assert levels[found[0].lane - 1] == max(levels)


@given(st.lists(st.tuples(st.integers(1, 70), st.integers(0, 400)), max_size=80))
def test_memory_is_bounded_and_nothing_is_lost_that_nobody_else_said(said: list[tuple[int, int]]) -> None:
    room = Room(l1=-20)
    at, found, hits = 0, 0, 0
    for lane, pause in said:
        at += 200 + pause
        hits += 1
        found += len(room.hears(say(PHRASE, at=at / 50, lane=lane, utterance=at), at / 50))
    found += len(room.guard.due(at / 50 + WAIT))
    assert found == hits
    assert len(room.guard._lanes) <= 64
