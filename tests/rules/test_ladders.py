"""The ladders of a rule file."""

from __future__ import annotations

import pytest

from spacesctl.domain.ladder import Ladder, Step
from spacesctl.rules.check import explain
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rule_engine import RuleEngine
from spacesctl.rules.rulefile import compile_rules
from tests.rules.test_rule_engine import PHRASE, say
from tests.rules.test_rulefile import rule

STEPS = 'steps = [ { points = 1, do = "warn" }, { points = 3, do = "mute", for = "60s" }, { points = 5, do = "kick" } ]'
ALLOWED = '[limits]\nallow = { "ladder:speech" = ["kick"] }\n'
CLIMBS = rule(
    when__any=f'[{{ words = ["{PHRASE}"] }}]', actions='["report", "ladder:speech"]', mode='"enforce"', severity="2"
)


def ladder(steps: str = STEPS, expire: str = 'expire = "30d"\n', allow: str = ALLOWED) -> str:
    return f"{CLIMBS}[ladder.speech]\n{expire}{steps}\n{allow}"


def test_a_ladder_is_read_and_goes_with_the_decisions_of_its_rules() -> None:
    found = compile_rules(ladder())
    speech = Ladder("speech", (Step(1, "warn"), Step(3, "mute", 60), Step(5, "kick")), 30 * 86400)
    assert found.ladders == {"speech": speech}
    (decision,) = RuleEngine(found).hear(say(PHRASE))
    assert decision.actions == ("report", "ladder:speech")
    assert decision.ladders == (speech,)
    assert decision.terms.severity == 2


def test_the_grant_has_what_the_steps_do_and_the_breaker_counts_them() -> None:
    found = compile_rules(ladder())
    assert found.actions() == {"report", "warn", "mute", "kick"}
    assert found.breaker() == (5, 2)
    assert compile_rules(ladder().replace('"enforce"', '"suggest"')).actions() == {"report"}


def test_a_ladder_is_explained() -> None:
    said = "\n".join(explain(compile_rules(ladder())))
    assert "gives 2 on the ladder 'speech': 1 warn, 3 mute for 60 s, 5 kick. Points expire after 30 days." in said


def test_points_expire_after_thirty_days_unless_said_otherwise() -> None:
    assert compile_rules(ladder(expire="")).ladders["speech"].expire == 30 * 86400


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ladder(allow=""), "may not kick by itself"),
        (ladder(steps="steps = []"), "has 0 steps"),
        (ladder(steps=""), "has 0 steps"),
        (ladder(steps='steps = [ { points = 3, do = "warn" }, { points = 3, do = "mute" } ]'), "do not rise"),
        (ladder(steps='steps = [ { points = 0, do = "warn" } ]'), "`points` is 0"),
        (ladder(steps='steps = [ { do = "warn" } ]'), "the step has no `points`"),
        (ladder(steps="steps = [ { points = 1 } ]"), "the step has no `do`"),
        (ladder(steps='steps = [ { points = 1, do = "mut" } ]'), "did you mean `mute`"),
        (ladder(steps='steps = [ { points = 1, do = "demote" } ]'), "may not demote by itself"),
        (ladder(steps='steps = [ { points = 1, do = "lock" } ]'), "unknown do `lock`"),
        (ladder(steps='steps = [ { points = 1, do = "mute", for = "0s" } ]'), "is over at once"),
        (ladder(steps='steps = [ { points = 1, do = "mute", until = "1s" } ]'), "unknown key `until`"),
        (ladder(expire='expire = "0s"\n'), "expire at once"),
        (ladder(allow='[limits]\nallow = { "ladder:spech" = ["kick"] }\n'), "there is no rule 'ladder:spech'"),
        (ladder().replace('ladder:speech"]', 'ladder:spech"]', 1), "did you mean `ladder:speech`"),
        (ladder().replace("[ladder.speech]", '[ladder."Sp eech"]'), "a ladder's name is"),
    ],
)
def test_each_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text)
    assert any(told in str(problem) for problem in caught.value.problems)
