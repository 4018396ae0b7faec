"""The judge: who, how often, how sure, in which mode; and never twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine, Word
from spacesctl.rules.rulefile import compile_rules

PHRASE = "send me your password"


def judge(extra: str = "", limits: str = "", phrase: str = PHRASE) -> RuleEngine:
    mode = "" if "mode" in extra else 'mode = "enforce"\n'
    actions = "" if "actions" in extra else 'actions = ["report", "mute"]\n'
    rule = f'[[rule]]\nid = "a"\nwhen.any = [{{ words = ["{phrase}"] }}]\n{actions}{mode}{extra}\n'
    return RuleEngine(compile_rules(f"schema = 1\n{limits}\n{rule}"))


def say(text: str, at: float = 0.0, lane: int = 1, conf: float = 0.9, **changes: object) -> HeardUtterance:
    """An utterance at `at` seconds, a word every 0.4 s."""
    words = tuple(
        Word(w, at + 0.4 * n, at + 0.4 * n + 0.3, conf, round((at + 0.4 * n) * 50), round((at + 0.4 * n + 0.3) * 50))
        for n, w in enumerate(text.split())
    )
    heard = HeardUtterance(lane, f"account{lane}", "speaker", "person", words, True, round(at * 50))
    return replace(heard, **changes)  # type: ignore[arg-type]


def modes(decisions: list[Decision]) -> list[str]:
    return [each.mode for each in decisions]


def test_a_decision_carries_everything_that_a_record_needs() -> None:
    ruled = judge()
    (decision,) = ruled.hear(say(f"please {PHRASE} now", at=10), now=0)
    assert (decision.rule_id, decision.rule_hash, decision.mode) == ("a", ruled.ruleset.hash, "enforce")
    assert decision.actions == ("report", "mute")
    assert [word.w for word in decision.words] == PHRASE.split()
    assert (decision.start_tick, decision.end_tick) == (520, 595)
    assert decision.key == "a:1:520-595"
    assert decision.key_of("mute") == "a:1:520-595:mute"
    assert (decision.evidence_before, decision.evidence_after) == (10.0, 4.0)


def test_the_same_utterance_delivered_again_decides_nothing_and_a_new_judge_gives_the_same_key() -> None:
    ruled = judge()
    (first,) = ruled.hear(say(PHRASE, at=5), 0)
    assert ruled.hear(say(PHRASE, at=5), 1) == []
    assert judge().hear(say(PHRASE, at=5), 99)[0].key == first.key


def test_partials_never_act() -> None:
    assert judge().hear(say(PHRASE, final=False), 0) == []


def test_the_confidence_is_that_of_the_least_sure_word() -> None:
    sure = judge('when.all = [{ confidence = ">=0.75" }]')
    heard = say(PHRASE)
    doubtful = (*heard.words[:2], replace(heard.words[2], conf=0.5), heard.words[3])
    assert sure.hear(replace(heard, words=doubtful), 0) == []
    (decision,) = sure.hear(say(PHRASE, at=9, conf=0.75), 0)
    assert decision.confidence == 0.75


def test_a_phrase_split_by_an_endpoint_is_found_once() -> None:
    ruled = judge()
    assert ruled.hear(say("please send me", at=1), 0) == []
    (decision,) = ruled.hear(say("your password", at=3), 0)
    assert [word.w for word in decision.words] == PHRASE.split()
    assert ruled.hear(say("your password", at=4.5), 0) == []


def test_a_phrase_is_not_joined_over_a_long_pause() -> None:
    ruled = judge()
    ruled.hear(say("send me", at=1), 0)
    assert ruled.hear(say("your password", at=6), 0) == []


def test_a_phrase_is_not_joined_from_two_speakers() -> None:
    ruled = judge()
    ruled.hear(say("send me", at=1, lane=1), 0)
    assert ruled.hear(say("your password", at=2, lane=2), 0) == []
    assert ruled.hear(say("your password", at=2.5, lane=1, account_id="somebody else"), 0) == []


@pytest.mark.parametrize(
    ("scope", "role", "kind", "acts"),
    [
        ("", "speaker", "person", True),
        ("", "speaker", "brand", True),
        ("", "cohost", "person", False),
        ("", "host", "brand", False),
        ("", "speaker", "bot", False),
        ('scope = { roles = ["host"] }', "host", "person", True),
        ('scope = { roles = ["host"] }', "speaker", "person", False),
        ('scope = { roles = ["host", "speaker"] }', "host", "bot", False),
        ("scope = { roles = [] }", "speaker", "person", False),
    ],
)
def test_who_is_exempt(scope: str, role: str, kind: str, acts: bool) -> None:
    assert bool(judge(scope).hear(say(PHRASE, role=role, kind=kind), 0)) is acts


def test_shadow_is_the_default_and_only_records() -> None:
    ruled = judge('mode = "shadow"')
    assert modes(ruled.hear(say(PHRASE), 0)) == ["shadow"]


def test_repeat_counts_offences_of_one_account_within_the_window() -> None:
    ruled = judge('repeat = { times = 3, within = "60s" }')
    said = [(0, 1), (10, 2), (50, 1), (70, 1), (75, 1), (80, 1)]
    acted = [at for at, lane in said if ruled.hear(say(PHRASE, at=at, lane=lane), at)]
    assert acted == [75], "0 is out of the window by then, 10 was somebody else, and the count begins anew"


def test_repeats_survive_a_new_microphone_session() -> None:
    ruled = judge('repeat = { times = 2, within = "60s" }')
    assert ruled.hear(say(PHRASE, at=1, lane=1), 0) == []
    ruled.forget(1)
    assert len(ruled.hear(say(PHRASE, at=9, lane=2, account_id="account1"), 0)) == 1


def test_a_cooldown_leaves_the_account_alone_but_not_others() -> None:
    ruled = judge('cooldown = "45s"')
    acted = [at for at, lane in [(0, 1), (10, 1), (20, 2), (60, 1)] if ruled.hear(say(PHRASE, at=at, lane=lane), at)]
    assert acted == [0, 20, 60]


def test_overlapping_hits_of_one_rule_are_one_offence() -> None:
    ruled = judge(phrase='scam", "scam now", "a scam')
    assert len(ruled.hear(say("this is a scam now"), 0)) == 1


def test_two_offences_in_one_utterance_are_two() -> None:
    assert len(judge(phrase="idiot").hear(say("idiot you idiot"), 0)) == 2


def test_the_circuit_breaker_holds_every_act_beyond_its_number_and_stays_open() -> None:
    ruled = judge(limits="[limits]\nmax_auto_actions_per_5min = 2")
    got = [
        held for n in range(4) for held in ruled.hear(say(PHRASE, at=10 * n), now=10.0 * n) if "mute" in held.actions
    ]
    assert modes(got) == ["enforce", "enforce", "held", "held"]
    assert [each.tripped for each in got] == [False, False, True, False]
    assert ruled.tripped
    assert modes(ruled.hear(say(PHRASE, at=5000), now=5000)) == ["enforce", "held"]


def test_with_the_breaker_open_sanctions_are_held_and_the_rest_goes_on_under_the_same_key() -> None:
    ruled = judge('actions = ["redact", "report", "log", "mute"]', limits="[limits]\nmax_auto_actions_per_5min = 0")
    free, held = ruled.hear(say(PHRASE), 0)
    assert (free.mode, free.actions, free.tripped) == ("enforce", ("log", "redact", "report"), False)
    assert (held.mode, held.actions, held.tripped) == ("held", ("mute",), True)
    assert free.key == held.key


@pytest.mark.parametrize("actions", ['["redact"]', '["log"]', '["report"]', '["log", "redact", "report"]'])
def test_what_is_no_sanction_takes_no_slot_of_the_breaker(actions: str) -> None:
    ruled = judge(f"actions = {actions}", limits="[limits]\nmax_auto_actions_per_5min = 5")
    got = [decision for n in range(200) for decision in ruled.hear(say(PHRASE, at=10 * n), now=1.5 * n)]
    assert modes(got) == ["enforce"] * 200
    assert not ruled.tripped


def test_two_hundred_redactions_in_five_minutes_are_in_force_while_mutes_are_held() -> None:
    ruled = judge('actions = ["redact", "mute"]', limits="[limits]\nmax_auto_actions_per_5min = 5")
    got = [decision for n in range(200) for decision in ruled.hear(say(PHRASE, at=10 * n), now=1.5 * n)]
    by_action = {action: [one.mode for one in got if action in one.actions] for action in ("redact", "mute")}
    assert by_action["redact"] == ["enforce"] * 200
    assert by_action["mute"] == ["enforce"] * 5 + ["held"] * 195
    assert sum(one.tripped for one in got) == 1


def test_acts_further_apart_than_five_minutes_never_open_the_breaker() -> None:
    ruled = judge(limits="[limits]\nmax_auto_actions_per_5min = 1")
    assert [modes(ruled.hear(say(PHRASE, at=400 * n), now=400.0 * n)) for n in range(3)] == [["enforce"]] * 3


def test_a_limit_of_zero_never_sanctions() -> None:
    assert modes(judge(limits="[limits]\nmax_auto_actions_per_5min = 0").hear(say(PHRASE), 0)) == ["enforce", "held"]


_filler = st.lists(
    st.sampled_from(["send", "me", "your", "password", "please", "now", "[unk]", "passwords", "resend"]), max_size=6
)


@given(_filler, _filler, st.integers(1, 3))
def test_it_fires_on_the_phrase_wherever_endpoints_fall(before: list[str], after: list[str], cut: int) -> None:
    phrase = PHRASE.split()
    ruled = judge()
    texts = [[*before, *phrase[:cut]], [*phrase[cut:], *after]]
    at, decisions = 0.0, []
    for n, words in enumerate(texts):
        heard = say(" ".join(words), at=at, utterance=n)
        at += 0.4 * len(words) + 0.5
        decisions += ruled.hear(heard, at)
    assert decisions


@given(st.lists(st.tuples(st.integers(1, 2), st.sampled_from(PHRASE.split())), max_size=24))
def test_it_fires_exactly_when_one_speaker_said_the_phrase(spoken: list[tuple[int, str]]) -> None:
    ruled = judge()
    fired: dict[int, int] = {1: 0, 2: 0}
    for n, (lane, word) in enumerate(spoken):
        fired[lane] += len(ruled.hear(say(word, at=n * 0.1, lane=lane), n))
    for lane in fired:
        own = " ".join(word for each, word in spoken if each == lane)
        assert bool(fired[lane]) == (PHRASE in own)


QUOTE = 'when.unless = [ { said_by_moderator_within = "20s" } ]'


@pytest.mark.parametrize(
    ("role", "after", "acts"),
    [
        ("host", 10.0, False),
        ("cohost", 10.0, False),
        ("speaker", 10.0, True),
        ("host", 22.0, True),
        ("host", -5.0, True),
    ],
)
def test_what_a_moderator_has_just_said_may_be_said_by_others(role: str, after: float, acts: bool) -> None:
    ruled = judge(QUOTE)
    assert ruled.hear(say(PHRASE, at=100, lane=9, role=role), 0) == [] or role == "speaker"
    assert bool(ruled.hear(say(PHRASE, at=100 + after), 0)) is acts
    assert not judge().hear(say(PHRASE, at=100, role="host"), 0), "and without it"


def test_what_a_moderator_says_excuses_one_rule_and_no_other() -> None:
    rules = "".join(
        f'[[rule]]\nid = "{name}"\nmode = "enforce"\nactions = ["mute"]\nwhen.any = [{{ words = ["{words}"] }}]\n{QUOTE}\n'
        for name, words in (("a", PHRASE), ("b", "other words"))
    )
    ruled = RuleEngine(compile_rules(f"schema = 1\n{rules}"))
    ruled.hear(say(PHRASE, at=100, lane=9, role="host"), 0)
    assert [one.rule_id for one in ruled.hear(say(f"{PHRASE} other words", at=105), 0)] == ["b"]


def test_the_mode_suggest_is_told() -> None:
    (decision,) = judge('mode = "suggest"').hear(say(PHRASE), 0)
    assert decision.mode == "suggest"
    rules = judge('mode = "suggest"\nactions = ["log", "alert", "redact", "report", "mute", "lock"]').ruleset
    assert rules.actions() == {"log", "alert", "report"}
    assert not rules.redacting()


def test_without_counting_each_offence_is_told() -> None:
    text = judge(
        'repeat = { times = 3, within = "60s" }\ncooldown = "45s"', "[limits]\nmax_auto_actions_per_5min = 0"
    ).ruleset.text
    ruled = RuleEngine(compile_rules(text), counts=False)
    found = [decision for n in range(3) for decision in ruled.hear(say(PHRASE, at=n * 10), 0)]
    assert modes(found) == ["enforce"] * 3
    assert {(one.terms.times, one.terms.within, one.terms.cooldown) for one in found} == {(3, 3000, 2250)}
