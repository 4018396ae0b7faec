"""Cases of what rules are not to find again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.regressions import Case, fires_again, unknown
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.rulefile import compile_rules

RULES = """schema = 1
{exceptions}
[[rule]]
id = "scam"
mode = "{mode}"
when.any = [ {{ words = ["{words}"] }} ]
when.all = [ {{ confidence = ">={sure}" }} ]
repeat = {{ times = 3, within = "1m" }}
cooldown = "45s"
actions = ["report"]
"""


def words(text: str, conf: float = 0.9, start: int = 1000) -> tuple[Word, ...]:
    spoken = enumerate(text.split())
    return tuple(
        Word(w, (start + 20 * n) / 50, (start + 20 * n + 19) / 50, conf, start + 20 * n, start + 20 * n + 19)
        for n, w in spoken
    )


def rules(sure: float = 0.5, said: str = "crypto giveaway", exceptions: str = "", mode: str = "enforce") -> str:
    return RULES.format(sure=sure, words=said, exceptions=exceptions, mode=mode)


CASE = Case("one", "scam", words("no crypto giveaway here"))


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (rules(), ["crypto giveaway"]),
        (rules(mode="shadow"), ["crypto giveaway"]),
        (rules(sure=0.95), []),
        (rules(said="crypto giveaways"), []),
        (rules(exceptions='[exceptions]\nwords = ["no crypto giveaway here"]'), []),
    ],
    ids=["as it was", "in shadow", "surer", "other words", "an exception"],
)
def test_a_case_fires_until_the_rule_is_mended_whatever_it_counts(text: str, again: list[str]) -> None:
    assert [found for _, found in fires_again(compile_rules(text, "r"), [CASE])] == again


def test_each_case_stands_alone() -> None:
    ruleset = compile_rules(rules(), "r")
    halves = [Case("a", "scam", words("crypto")), Case("b", "scam", words("giveaway", start=1020))]
    assert fires_again(ruleset, halves) == []
    twice = [CASE, Case("again", "scam", CASE.words), Case("none", "scam", ())]
    assert [case.id for case, _ in fires_again(ruleset, twice)] == ["one", "again"]


def test_a_rule_that_is_gone_finds_nothing_and_is_named() -> None:
    ruleset = compile_rules(rules(), "r")
    other = Case("x", "ghost", CASE.words)
    assert fires_again(ruleset, [other]) == []
    assert unknown(ruleset, [other, CASE]) == ["ghost"]


@given(st.lists(st.sampled_from(["crypto giveaway", "crypto", "giveaway", "hello", ""]), max_size=8))
def test_what_fires_does_not_depend_on_the_other_cases(said: list[str]) -> None:
    ruleset = compile_rules(rules(), "r")
    cases = [Case(str(n), "scam", words(text)) for n, text in enumerate(said)]
    alone = [case.id for case in cases if fires_again(ruleset, [case])]
    assert [case.id for case, _ in fires_again(ruleset, cases)] == alone
