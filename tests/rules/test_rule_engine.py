"""The judge: who, how sure, in which mode; and never twice."""

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
    (decision,) = ruled.hear(say(f"please {PHRASE} now", at=10))
    assert (decision.rule_id, decision.rule_hash, decision.mode) == ("a", ruled.ruleset.hash, "enforce")
    assert decision.actions == ("report", "mute")
    assert [word.w for word in decision.words] == PHRASE.split()
    assert (decision.start_tick, decision.end_tick) == (520, 595)
    assert decision.key == "a:1:520-595"
    assert decision.key_of("mute") == "a:1:520-595:mute"
    assert (decision.evidence_before, decision.evidence_after) == (10.0, 4.0)


def test_the_same_utterance_delivered_again_decides_nothing_and_a_new_judge_gives_the_same_key() -> None:
    ruled = judge()
    (first,) = ruled.hear(say(PHRASE, at=5))
    assert ruled.hear(say(PHRASE, at=5)) == []
    assert judge().hear(say(PHRASE, at=5))[0].key == first.key


def test_partials_never_act() -> None:
    assert judge().hear(say(PHRASE, final=False)) == []


def test_the_confidence_is_that_of_the_least_sure_word() -> None:
    sure = judge('when.all = [{ confidence = ">=0.75" }]')
    heard = say(PHRASE)
    doubtful = (*heard.words[:2], replace(heard.words[2], conf=0.5), heard.words[3])
    assert sure.hear(replace(heard, words=doubtful)) == []
    (decision,) = sure.hear(say(PHRASE, at=9, conf=0.75))
    assert decision.confidence == 0.75


def test_a_phrase_split_by_an_endpoint_is_found_once() -> None:
    ruled = judge()
    assert ruled.hear(say("please send me", at=1)) == []
    (decision,) = ruled.hear(say("your password", at=3))
    assert [word.w for word in decision.words] == PHRASE.split()
    assert ruled.hear(say("your password", at=4.5)) == []


def test_a_phrase_is_not_joined_over_a_long_pause() -> None:
    ruled = judge()
    ruled.hear(say("send me", at=1))
    assert ruled.hear(say("your password", at=6)) == []


def test_a_phrase_is_not_joined_from_two_speakers() -> None:
    ruled = judge()
    ruled.hear(say("send me", at=1, lane=1))
    assert ruled.hear(say("your password", at=2, lane=2)) == []
    assert ruled.hear(say("your password", at=2.5, lane=1, account_id="somebody else")) == []


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
    assert bool(judge(scope).hear(say(PHRASE, role=role, kind=kind))) is acts


def test_shadow_is_the_default_and_only_records() -> None:
    ruled = judge('mode = "shadow"')
    assert modes(ruled.hear(say(PHRASE))) == ["shadow"]


def test_overlapping_hits_of_one_rule_are_one_offence() -> None:
    ruled = judge(phrase='scam", "scam now", "a scam')
    assert len(ruled.hear(say("this is a scam now"))) == 1


def test_two_offences_in_one_utterance_are_two() -> None:
    assert len(judge(phrase="idiot").hear(say("idiot you idiot"))) == 2


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
        decisions += ruled.hear(heard)
    assert decisions


@given(st.lists(st.tuples(st.integers(1, 2), st.sampled_from(PHRASE.split())), max_size=24))
def test_it_fires_exactly_when_one_speaker_said_the_phrase(spoken: list[tuple[int, str]]) -> None:
    ruled = judge()
    fired: dict[int, int] = {1: 0, 2: 0}
    for n, (lane, word) in enumerate(spoken):
        fired[lane] += len(ruled.hear(say(word, at=n * 0.1, lane=lane)))
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
    assert ruled.hear(say(PHRASE, at=100, lane=9, role=role)) == [] or role == "speaker"
    assert bool(ruled.hear(say(PHRASE, at=100 + after))) is acts
    assert not judge().hear(say(PHRASE, at=100, role="host")), "and without it"


def test_what_a_moderator_says_excuses_one_rule_and_no_other() -> None:
    rules = "".join(
        f'[[rule]]\nid = "{name}"\nmode = "enforce"\nactions = ["mute"]\nwhen.any = [{{ words = ["{words}"] }}]\n{QUOTE}\n'
        for name, words in (("a", PHRASE), ("b", "other words"))
    )
    ruled = RuleEngine(compile_rules(f"schema = 1\n{rules}"))
    ruled.hear(say(PHRASE, at=100, lane=9, role="host"))
    assert [one.rule_id for one in ruled.hear(say(f"{PHRASE} other words", at=105))] == ["b"]


def test_the_mode_suggest_is_told() -> None:
    (decision,) = judge('mode = "suggest"').hear(say(PHRASE))
    assert decision.mode == "suggest"
    rules = judge('mode = "suggest"\nactions = ["log", "alert", "redact", "report", "mute", "lock"]').ruleset
    assert rules.actions() == {"log", "alert", "report"}
    assert not rules.redacting()


def test_each_offence_is_told_with_the_terms_on_which_it_counts() -> None:
    text = judge(
        'repeat = { times = 3, within = "60s" }\ncooldown = "45s"', "[limits]\nmax_auto_actions_per_5min = 0"
    ).ruleset.text
    ruled = RuleEngine(compile_rules(text))
    found = [decision for n in range(3) for decision in ruled.hear(say(PHRASE, at=n * 10))]
    assert modes(found) == ["enforce"] * 3
    assert {(one.terms.times, one.terms.within, one.terms.cooldown) for one in found} == {(3, 3000, 2250)}
