"""Rules tried on what was said: what fired, what nearly did, and how well that fits labels."""

from __future__ import annotations

import pytest

from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.trial import Label, Outcome, Score, scores, tried
from tests.rules.test_exceptions import EXCEPT
from tests.rules.test_rule_engine import say
from tests.rules.test_rulefile import HEAD, rule

SCAM = '[{ words = ["scam"] }]'


def outcomes(text: str, *said: tuple[float, str, dict[str, object]]) -> list[Outcome]:
    return tried(compile_rules(text), [say(words, at=at, **changes) for at, words, changes in said])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "said", "missing"),
    [
        ({}, [(1.0, "a scam", {})], [""]),
        ({}, [(1.0, "no", {})], []),
        ({"mode": '"enforce"'}, [(1.0, "a scam", {})], [""]),
        ({}, [(1.0, "scam", {"kind": "bot"})], ["bots are exempt"]),
        ({}, [(1.0, "scam", {"role": "cohost"})], ["the role cohost is out of scope"]),
        ({"when__all": '[{ confidence = ">=0.95" }]'}, [(1.0, "scam", {})], ["confidence is 0.90, >=0.95 is asked"]),
        (
            {"when__unless": '[{ said_by_moderator_within = "20s" }]'},
            [(1.0, "no scam here", {"role": "host", "lane": 9}), (15.0, "scam", {}), (40.0, "scam", {})],
            ["the role host is out of scope", "a host or co-host said the like less than 20 s before", ""],
        ),
        (
            {"cooldown": '"45s"'},
            [(1.0, "scam", {}), (11.0, "scam", {}), (60.0, "scam", {})],
            ["", "cooldown: it acted 10 s before, 45 s are asked", ""],
        ),
        (
            {"repeat": '{ times = 3, within = "60s" }'},
            [(n, "scam", {}) for n in (0.0, 10.0, 65.0, 66.0, 67.0)],
            [
                "repeat: this is 1 of 3 within 60 s",
                "repeat: this is 2 of 3 within 60 s",
                "repeat: this is 2 of 3 within 60 s",
                "",
                "repeat: this is 1 of 3 within 60 s",
            ],
        ),
    ],
    ids=["fires", "nothing", "enforce", "bot", "role", "confidence", "quoting", "cooldown", "repeat"],
)
def test_what_held_a_rule_back(
    more: dict[str, str], said: list[tuple[float, str, dict[str, object]]], missing: list[str]
) -> None:
    assert [one.missing for one in outcomes(rule(when__any=SCAM, **more), *said)] == missing


def test_an_exception_and_an_open_breaker_are_told() -> None:
    (one,) = outcomes(rule(when__any="[{ words = ['dick'] }]") + EXCEPT, (0.0, "dick van dyke", {}))
    assert one.missing == "it is within an exception"
    text = rule(when__any=SCAM, mode='"enforce"', actions='["mute"]') + "[limits]\nmax_auto_actions_per_5min = 1\n"
    first, held = outcomes(text, (0.0, "scam", {}), (5.0, "scam", {}))
    assert (first.mode, first.missing) == ("enforce", "")
    assert (held.mode, held.missing) == ("held", "the circuit breaker holds sanctions")
    assert held.is_hit


def test_an_outcome_says_when_who_and_how_sure() -> None:
    (one,) = outcomes(rule(when__any=SCAM), (10.0, "a scam", {"account_id": "ann", "lane": 4}))
    assert (one.rule.id, one.mode, one.account_id, one.lane, one.matched) == ("a", "shadow", "ann", 4, "scam")
    assert one.start == pytest.approx(10.4)
    assert one.end == pytest.approx(10.72)
    assert [word.w for word in one.words] == ["scam"]
    assert one.confidence == 0.9


def test_of_two_accounts_each_has_its_own_counts() -> None:
    text = rule(when__any=SCAM, cooldown='"45s"')
    assert [
        one.missing for one in outcomes(text, (0.0, "scam", {"lane": 1}), (1.0, "scam", {"lane": 2, "account_id": "b"}))
    ] == ["", ""]


def test_an_utterance_without_words_does_nothing() -> None:
    assert outcomes(rule(when__any=SCAM), (0.0, "", {})) == []


TWO = rule(when__any=SCAM) + rule(id='"b"', when__any="[{ words = ['spam'] }]").replace(HEAD, "")
SAID: list[tuple[float, str, dict[str, object]]] = [
    (0.0, "scam", {}),
    (10.0, "spam", {}),
    (20.0, "scam", {}),
    (30.0, "no", {}),
]


def test_precision_and_recall_are_told_for_each_rule_and_for_all() -> None:
    ruleset = compile_rules(TWO)
    labels = [Label(0, 1, "a"), Label(9, 12, "*"), Label(30, 31, "b"), Label(40, 41, "a")]
    found = scores(ruleset.rules, outcomes(TWO, *SAID), labels)
    assert found == [Score("a", 2, 1, 2, 1), Score("b", 1, 1, 1, 0), Score("*", 3, 2, 4, 2)]
    assert (found[0].precision, found[0].recall) == (0.5, 0.5)
    assert found[2].precision == pytest.approx(2 / 3)
    assert found[2].recall == 0.5
    nothing = Score("a", 0, 0, 0, 0)
    assert (nothing.precision, nothing.recall) == (None, None)


@pytest.mark.parametrize(("start", "end", "right"), [(0.0, 0.3, 1), (0.31, 1.0, 1), (0.33, 1.0, 0), (-1.0, 0.0, 0)])
def test_a_label_and_a_hit_must_share_a_moment(start: float, end: float, right: int) -> None:
    hits = outcomes(rule(when__any=SCAM), (0.0, "scam", {}))
    assert scores(compile_rules(rule()).rules, hits, [Label(start, end, "a")])[-1].right == right


def test_a_hit_that_was_held_back_in_part_counts_once() -> None:
    text = (
        rule(when__any=SCAM, mode='"enforce"', actions='["log", "mute"]') + "[limits]\nmax_auto_actions_per_5min = 0\n"
    )
    found = outcomes(text, (0.0, "scam", {}))
    assert sorted(one.mode for one in found) == ["enforce", "held"]
    assert scores(compile_rules(text).rules, found, [])[-1].hits == 1
