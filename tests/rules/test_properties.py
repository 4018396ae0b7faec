"""What holds of the rule engine for whatever is said: in which order, in which pieces, how often, by whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import Confidence, Limits, RuleSet
from tests.rules.test_rule_engine import say

TEXT = """schema = 1
[exceptions]
words = ["c c a"]
[[rule]]
id = "one"
when.any = [ { words = ["a b", "c"], gap = 1 }, { regex = "b+ a" } ]
actions = ["log"]
[[rule]]
id = "two"
when.any = [ { words = ["a"] }, { prefix = "bbb" } ]
when.all = [ { confidence = ">=0.5" } ]
repeat = { times = 2, within = "20s" }
actions = ["log", "mute"]
[[rule]]
id = "three"
when.any = [ { words = ["b", "c c"], forms = true } ]
scope = { roles = ["speaker", "cohost"] }
cooldown = "5s"
actions = ["log"]
"""
RULES = replace(compile_rules(TEXT), limits=Limits(1000))

_word = st.sampled_from(["a", "b", "c", "um", "[unk]", "bbbb", "d"])
_sure = st.sampled_from([0.2, 0.5, 0.8, 1.0])
_pieces = st.lists(
    st.tuples(
        st.lists(_word, min_size=1, max_size=6), st.integers(1, 2), st.sampled_from(["speaker", "cohost", "host"]),
        st.sampled_from(["person", "bot"]), _sure, st.sampled_from([0.1, 2.0, 4.0]),
    ),
    max_size=8,
)  # fmt: skip


@st.composite
def talks(draw: st.DrawFn) -> list[HeardUtterance]:
    """Utterances of two lanes, one after the other, with pauses."""
    at, found = 0.0, []
    for number, (words, lane, role, kind, conf, pause) in enumerate(draw(_pieces)):
        found.append(say(" ".join(words), at=at, lane=lane, conf=conf, role=role, kind=kind, utterance=number))
        at += 0.4 * len(words) + pause
    return found


def heard(rules: RuleSet, said: list[HeardUtterance]) -> list[Decision]:
    engine = RuleEngine(rules)
    return [decision for each in said for decision in engine.hear(each)]


def offences(decisions: list[Decision]) -> set[tuple[str, str, float]]:
    return {(one.account_id, one.key, one.confidence) for one in decisions}


@given(talks(), st.permutations(RULES.rules))
def test_the_order_of_rules_does_not_matter(said: list[HeardUtterance], order: list[object]) -> None:
    other = replace(RULES, rules=tuple(order))  # type: ignore[arg-type]
    assert offences(heard(other, said)) == offences(heard(RULES, said))


@given(talks())
def test_a_rule_does_the_same_with_or_without_the_others(said: list[HeardUtterance]) -> None:
    whole = offences(heard(RULES, said))
    alone = [offences(heard(replace(RULES, rules=(rule,)), said)) for rule in RULES.rules]
    assert set().union(*alone) == whole


@given(talks())
def test_in_shadow_and_in_force_the_same_is_found(said: list[HeardUtterance]) -> None:
    def by(mode: str) -> list[Decision]:
        rules = tuple(replace(rule, mode=mode) for rule in RULES.rules)  # type: ignore[arg-type]
        return heard(replace(RULES, rules=rules), said)

    shadow, enforced = by("shadow"), by("enforce")
    assert [replace(one, mode="shadow") for one in enforced] == shadow
    assert {one.mode for one in enforced} <= {"enforce"}


@given(talks())
def test_those_who_are_exempt_are_never_decided_on(said: list[HeardUtterance]) -> None:
    roles = {(one.account_id, word): one for one in said for word in one.words}
    for decision in heard(RULES, said):
        rule = RULES.rule(decision.rule_id)
        last = roles[decision.account_id, decision.words[-1]]
        assert rule is not None
        assert last.kind != "bot"
        assert last.role in rule.roles


@given(talks())
def test_what_one_lane_says_changes_nothing_for_another(said: list[HeardUtterance]) -> None:
    apart = [offences(heard(RULES, [one for one in said if one.lane == lane])) for lane in (1, 2)]
    assert apart[0] | apart[1] == offences(heard(RULES, said))


@given(talks(), _sure)
def test_a_higher_threshold_finds_less_and_all_of_it_is_sure_enough(said: list[HeardUtterance], least: float) -> None:
    def at(bound: float) -> list[Decision]:
        rules = tuple(
            replace(rule, confidence=Confidence(bound), times=1, cooldown=0.0, within=0.0) for rule in RULES.rules
        )
        return heard(replace(RULES, rules=rules), said)

    everything = at(0.0)
    for one in at(least):
        assert one.confidence >= least
        assert any(
            one.rule_id == other.rule_id and one.lane == other.lane
            and one.start_tick <= other.end_tick and other.start_tick <= one.end_tick
            for other in everything
        )  # fmt: skip


@given(st.lists(_word, min_size=1, max_size=20), st.sets(st.integers(1, 19)))
def test_it_does_not_matter_into_which_utterances_words_are_divided(words: list[str], cuts: set[int]) -> None:
    text = (
        'schema = 1\n[[rule]]\nid = "a"\nwhen.any = [ { words = ["a b a"] }, { prefix = "bbb" } ]\nactions = ["log"]\n'
    )
    whole = say(" ".join(words))
    places = sorted({0, len(words), *(cut for cut in cuts if cut < len(words))})
    pieces = [replace(whole, words=whole.words[a:b], utterance=n) for n, (a, b) in enumerate(pairwise(places))]
    rules = compile_rules(text)
    assert offences(heard(rules, pieces)) == offences(heard(rules, [whole]))


@given(talks(), st.data())
def test_utterances_that_come_again_or_too_late_change_nothing(said: list[HeardUtterance], data: st.DataObject) -> None:
    again = []
    for at, one in enumerate(said):
        again += [one, *data.draw(st.lists(st.sampled_from(said[: at + 1]), max_size=3))]
    assert heard(RULES, again) == heard(RULES, said)


@given(talks(), st.data())
def test_partial_results_change_nothing(said: list[HeardUtterance], data: st.DataObject) -> None:
    flickering = []
    for one in said:
        for words in data.draw(st.lists(st.lists(_word, min_size=1, max_size=6), max_size=3)):
            guess = say(" ".join(words), at=one.words[0].start, lane=one.lane)
            flickering.append(replace(guess, final=False, utterance=one.utterance))
        flickering.append(one)
    assert heard(RULES, flickering) == heard(RULES, said)
