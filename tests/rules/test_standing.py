"""Rules without words: when they act, on whom, and how often; and words that are narrowed by facts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.room_facts import Conduct, KnownPerson, RoomFacts, Subject
from spacesctl.rules.room_sound import LaneLevel
from spacesctl.rules.rule_engine import Decision, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.standing import TOLD_AGAIN, StandingRules
from tests.rules.test_facts import RAID
from tests.rules.test_rule_engine import say

ANN, BO, HOST, BOT = (
    Subject("ann", 1, "speaker"), Subject("bo", 2, "speaker"), Subject("host", 3, "host"), Subject("bot", 4, "speaker", "bot"),
)  # fmt: skip
EVERYBODY = [ANN, BO, HOST, BOT]
LOUD = """schema = 1
[[rule]]
id = "loud"
mode = "enforce"
when.all = [ { level_db = ">=-12" } ]
cooldown = "60s"
actions = ["warn"]
"""


def conduct(tick: int, joins: int = 0, never_seen: int = 0, **changes: object) -> Conduct:
    return replace(Conduct(tick, joins, never_seen), **changes)  # type: ignore[arg-type]


class Room:
    """Rules and the facts that they are about."""

    def __init__(self, text: str) -> None:
        self.facts = RoomFacts()
        self.rules = StandingRules(compile_rules(text), self.facts)
        self.tick = 0

    def raid(self, tick: int, joins: int, never_seen: int) -> list[Decision]:
        self.facts.conduct = conduct(tick, joins, never_seen)
        return self.rules.look(tick, EVERYBODY)

    def sounds(self, seconds: float, *levels: LaneLevel) -> list[Decision]:
        found = []
        for _ in range(round(seconds * 4)):
            self.tick += 12
            self.facts.sound.take(self.tick, levels)
            found += self.rules.look(self.tick, EVERYBODY)
        return found


def loud(*lanes: int, level: int = -6) -> list[LaneLevel]:
    return [LaneLevel(lane, level, True) for lane in lanes]


def test_a_raid_is_told_once_and_says_what_was_found() -> None:
    room = Room(RAID)
    assert room.raid(50, 59, 59) == []
    assert room.raid(100, 60, 47) == []
    (found,) = room.raid(150, 60, 48)
    assert (found.rule_id, found.account_id, found.lane, found.words) == ("raid", "", 0, ())
    assert (found.mode, found.actions) == ("suggest", ("alert", "lock"))
    assert found.found == "joins_per_minute 60, never_seen_share 0.8"
    assert found.key_of("lock") == "raid:0@:150-150:lock"
    assert found.terms.cooldown == 300 * 50
    assert room.raid(200, 80, 80) == [], "it goes on"


def test_what_goes_on_is_told_again_since_the_server_alone_knows_who_acted() -> None:
    room = Room(RAID)
    ticks = [tick for tick in range(50, 4000, 50) if room.raid(tick, 99, 99)]
    assert ticks == list(range(50, 4000, TOLD_AGAIN))


def test_where_repeats_are_counted_what_goes_on_is_the_next_one_only_after_the_cooldown() -> None:
    room = Room(RAID + 'repeat = { times = 2, within = "10m" }\ncooldown = "60s"\n')
    ticks = [tick for tick in range(50, 8000, 50) if room.raid(tick, 99, 99)]
    assert ticks == [50, 3050, 6050]


def test_what_was_over_begins_anew_at_once() -> None:
    room = Room(RAID)
    assert room.raid(50, 60, 60)
    assert room.raid(100, 0, 0) == []
    assert room.raid(150, 60, 60), "the server says whether the cooldown is over"


def test_facts_that_are_not_known_are_not_met() -> None:
    room = Room(RAID)
    assert room.rules.look(50, EVERYBODY) == []
    assert room.raid(100, 0, 0) == [], "no share of nobody"
    assert Room(LOUD.replace(">=-12", "<0")).sounds(5) == []


def test_there_is_one_look_a_second() -> None:
    room = Room(RAID)
    assert room.raid(100, 0, 0) == []
    assert room.raid(149, 99, 99) == []
    assert room.raid(150, 99, 99)


def test_each_account_by_itself_and_never_staff_or_bots() -> None:
    room = Room(LOUD)
    found = room.sounds(5, *loud(1, 3, 4), *loud(2, level=-30))
    assert [(one.account_id, one.lane) for one in found] == [("ann", 1)]
    assert found[0].found == "level_db -6 dBFS"
    found = room.sounds(5, *loud(1, 2))
    assert [(one.account_id, one.lane) for one in found] == [("bo", 2)]
    assert found[0].key.startswith("loud:2@bo:")


def test_one_of_several_is_enough_where_any_is_said_and_all_are_needed_where_all_is() -> None:
    either = LOUD.replace("when.all", "when.any").replace("} ]", '}, { noise = ">=-40" } ]')
    noisy = LaneLevel(1, -30, True, 0, -35)
    assert [one.found for one in Room(either).sounds(5, noisy)] == ["noise -35 dBFS"], "before the level is known"
    assert Room(either.replace("when.any", "when.all")).sounds(5, noisy) == []


def known(account_id: str, **changes: object) -> KnownPerson:
    return replace(KnownPerson(account_id, "listener", "person", -86_400 * 50, -50), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("person", "acts"),
    [
        (known("eve", reports=2.9), False),
        (known("eve", reports=3.0), True),
        (known("eve", reports=5.0, kind="bot"), False),
        (known("eve", reports=5.0, role="cohost"), False),
        (known("eve", reports=5.0, born_tick=-7 * 86_400 * 50), False),
    ],
)
def test_who_is_reported_needs_no_microphone(person: KnownPerson, acts: bool) -> None:
    room = Room(
        'schema = 1\n[[rule]]\nid = "r"\nwhen.all = [ { reports = ">=3" }, { account_age = "<3d" } ]\nactions = ["log"]\n'
    )
    room.facts.conduct = conduct(500, people={person.account_id: person})
    assert [(one.account_id, one.lane) for one in room.rules.look(500, EVERYBODY)] == ([("eve", 0)] if acts else [])


def test_a_speaker_who_is_reported_is_found_once_with_their_lane() -> None:
    room = Room('schema = 1\n[[rule]]\nid = "r"\nwhen.any = [ { reports = ">=1" } ]\nactions = ["log"]\n')
    room.facts.conduct = conduct(500, people={"ann": known("ann", role="speaker", reports=1.0)})
    assert [(one.account_id, one.lane) for one in room.rules.look(500, EVERYBODY)] == [("ann", 1)]


NARROWED = """schema = 1
[[rule]]
id = "shout"
when.any = [ { words = ["password"] } ]
when.all = [ { %s } ]
actions = ["log"]
"""


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ('account_age = "<2d"', True), ('account_age = "<1d"', False), ('in_space_for = ">=11s"', True), ('in_space_for = ">20s"', False),
        ('level_db = ">=-12"', True), ('level_db = ">=-3"', False), ('joins_per_minute = ">=5"', True), ('joins_per_minute = ">5"', False),
        ('talk_share = ">=0.1"', False),
    ],
)  # fmt: skip
def test_words_are_narrowed_by_facts_of_who_said_them(condition: str, hits: bool) -> None:
    facts = RoomFacts()
    ruleset = compile_rules(NARROWED % condition)
    facts.conduct = conduct(600, 5, 5, people={"account1": known("account1")})
    for tick in range(12, 700, 12):
        facts.sound.take(tick, loud(1, level=-6 if 480 < tick < 540 else -40))
    said = say("my password", at=10)
    assert bool(RuleEngine(ruleset, facts=facts).hear(said)) is hits
    assert RuleEngine(ruleset).hear(said), "without facts only the words are tried"
    assert not RuleEngine(ruleset, facts=RoomFacts()).hear(said), "what is not known does not hold"


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 100)), max_size=60), st.integers(10, 40))
def test_a_rule_tells_only_what_holds_and_no_more_often_than_it_may(
    steps: list[tuple[int, int]], cooldown: int
) -> None:
    room, tick, told, before = Room(RAID + f'cooldown = "{cooldown}s"\n'), 0, list[int](), True
    for step, joins in steps:
        tick += step
        looks = tick - room.rules._looked >= 50
        found = room.raid(tick, joins, joins)
        assert len(found) <= 1
        if found:
            assert joins >= 60
            assert before or tick - told[-1] >= min(TOLD_AGAIN, cooldown * 50)
            told.append(tick)
        elif looks and joins >= 60:
            assert told
            assert not before
        before = joins < 60 if looks else before
