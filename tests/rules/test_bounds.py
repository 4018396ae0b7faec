"""Values of a rule file at their bounds: the last that is good, the first that is not, and what stands in for one left out."""

from __future__ import annotations

from typing import Any

import pytest

from spacesctl.rules import conditions, guards, regexes
from spacesctl.rules.problems import Problem, RuleFileError
from spacesctl.rules.rulefile import compile_rules, parse
from spacesctl.rules.ruleset import Confidence, Limits, Pattern, Rule
from tests.rules.test_rulefile import GOOD, HEAD, rule


def only(text: str) -> Rule:
    (found,) = compile_rules(text).rules
    return found


def problems(text: str) -> list[Problem]:
    found, told = parse(text, "my.toml")
    assert found is None
    for each in told:
        assert each.file == "my.toml"
        assert each.message.strip()
        assert each.todo.strip()
        assert "None" not in str(each)
    return told


def test_a_rule_that_says_little_has_these_values() -> None:
    found = only(rule())
    assert (found.id, found.line, found.mode, found.severity, found.times, found.within) == (
        "a",
        2,
        "shadow",
        1,
        1,
        0.0,
    )
    assert found.roles == {"speaker"}
    assert (found.cooldown, found.actions) == (0.0, ("log",))
    assert (found.before, found.after, found.confidence, found.patterns) == (10.0, 4.0, Confidence(), ())
    assert compile_rules(rule()).limits == Limits(5, {})


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"severity": "1"}, "severity", 1),
        ({"severity": "10"}, "severity", 10),
        ({"repeat": '{ times = 1000, within = "1m" }'}, "times", 1000),
        ({"repeat": "{ times = 1 }"}, "times", 1),
        ({"cooldown": '"30d"'}, "cooldown", 30 * 86_400.0),
        ({"cooldown": '"1500ms"'}, "cooldown", 1.5),
        ({"cooldown": '"2h"'}, "cooldown", 7200.0),
        ({"evidence": '{ before = "60s" }'}, "before", 60.0),
        ({"evidence": '{ before = "9s" }'}, "after", 4.0),
        ({"evidence": '{ after = "1m" }'}, "after", 60.0),
        ({"evidence": '{ after = "1m" }'}, "before", 10.0),
        ({"id": f'"{"a" * 64}"'}, "id", "a" * 64),
        ({"scope": "{ }"}, "roles", {"speaker"}),
        ({"actions": '["mute", "log", "report"]'}, "actions", ("log", "report", "mute")),
        ({"when__any": '[ { words = ["x"] }, { words = ["y", "z"] } ]'}, "literals", ["x", "y", "z"]),
        ({"when__any": '[\n{ regex = "x" }, \n{ regex = "y" } ]'}, "patterns", (Pattern("x", 5), Pattern("y", 6))),
    ],
)
def test_a_value_is_read(changes: dict[str, str], field: str, value: object) -> None:
    found: Any = getattr(only(rule(**changes)), field)
    assert ([phrase.text for phrase in found] if field == "literals" else found) == value


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"severity": "0"}, 6, "`severity` is 0"),
        ({"severity": "11"}, 6, "`severity` is 11"),
        ({"repeat": '{ times = 1001, within = "1m" }'}, 6, "`times` is 1001"),
        ({"repeat": "{ times = 2 }"}, 6, "no `within`"),
        ({"repeat": '{ times = 2, within = "soon" }'}, 6, "`within` is not a duration"),
        ({"repeat": "3"}, 6, "`repeat` is not a table"),
        ({"cooldown": '"31d"'}, 6, "`cooldown` is longer"),
        ({"evidence": '{ after = "61s" }'}, 6, "`after` is longer"),
        ({"evidence": '{ after = "soon" }'}, 6, "`after` is not a duration"),
        ({"id": f'"{"a" * 65}"'}, 3, "`id` is"),
        ({"id": "7"}, 3, "`id` is not a string"),
        ({"mode": "7"}, 6, "`mode` is not a string"),
        ({"scope": '"speaker"'}, 6, "`scope` is not a table"),
        ({"when__any": '[ { words = ["ok"] }, { } ]'}, 4, "this has none"),
        ({"when__any": '[ { words = ["a"], regex = "b" } ]'}, 4, "this has words, regex"),
        ({"when__any": "[ { words = [1] } ]"}, 4, "an item of `words` is not a string"),
        ({"when__any": "[ 3 ]"}, 4, "an item of `any` is not a table"),
        ({"when__any": "[ { regex = 3 } ]"}, 4, "`regex` is not a string"),
        ({"when__any": f'[\n{{ words = ["{"x" * 201}"] }} ]'}, 5, "201 characters"),
        ({"when__any": f'[\n{{ words = ["{"x " * 17}"] }} ]'}, 5, "too many words"),
        ({"when__all": '[ { confidence = "2" } ]'}, 6, "`confidence` is '2'"),
        ({"when__all": "[ { } ]"}, 6, "this has none"),
        ({"when__all": "3"}, 6, "`all` is not a list"),
    ],
)
def test_a_value_is_refused_by_its_name_and_line(changes: dict[str, str], line: int, words: str) -> None:
    first = problems(rule(**changes))[0]
    assert first.line == line
    assert words in first.message


def test_a_rule_without_a_condition_is_told_where_it_belongs() -> None:
    text = rule(when__any=None) + "when.all = []\n"
    assert [(each.line, each.level) for each in problems(text)] == [(5, "error")]
    assert "`when.any`" in problems(text)[0].message
    assert [each.line for each in problems(rule(when__any=None) + "when = 3\n")] == [5]


@pytest.mark.parametrize(
    "text",
    [
        f'[ {{ words = ["{"x" * 200}"] }} ]',
        f'[ {{ words = ["{" ".join("x" * 16)}"] }} ]',
        '[ { words = ["1000000000000"] } ]',
    ],
)
def test_the_longest_phrases_are_good(text: str) -> None:
    assert only(rule(when__any=text)).literals


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        (">=0.75", Confidence(0.75)),
        (">0.75", Confidence(0.75, strict=True)),
        ("> .5", Confidence(0.5, strict=True)),
        (" >=1 ", Confidence(1.0)),
        (">=0", Confidence(0.0)),
        (">0", Confidence(0.0, strict=True)),
    ],
)
def test_a_bound_on_confidence_is_read(written: str, bound: Confidence) -> None:
    found = only(rule(when__all=f'[ {{ confidence = "{written}" }} ]')).confidence
    assert found == bound
    assert isinstance(found.strict, bool)


@pytest.mark.parametrize(
    ("bounds", "strictest"),
    [
        ((">=0.5", ">=0.9"), ">=0.9"),
        ((">=0.9", ">=0.5"), ">=0.9"),
        ((">=0.9", ">0.9"), ">0.9"),
        ((">0.9", ">=0.9"), ">0.9"),
        ((">0.5", ">=0.9"), ">=0.9"),
    ],
)
def test_of_several_bounds_the_strictest_holds(bounds: tuple[str, str], strictest: str) -> None:
    written = ", ".join(f'{{ confidence = "{bound}" }}' for bound in bounds)
    assert str(only(rule(when__all=f"[ {written} ]")).confidence) == strictest


@pytest.mark.parametrize(
    ("bound", "confidence", "holds"),
    [
        (Confidence(0.75), 0.75, True),
        (Confidence(0.75), 0.74, False),
        (Confidence(0.75, strict=True), 0.75, False),
        (Confidence(0.75, strict=True), 0.76, True),
    ],
)
def test_a_strict_bound_leaves_out_its_own_value(bound: Confidence, confidence: float, holds: bool) -> None:
    assert bound.holds(confidence) is holds


def limits(text: str) -> str:
    return HEAD + f"[limits]\n{text}\n" + rule().removeprefix(HEAD)


def test_limits_are_read_and_refused() -> None:
    assert compile_rules(limits("max_auto_actions_per_5min = 1000")).limits.max_auto_actions_per_5min == 1000
    assert compile_rules(limits("max_auto_actions_per_5min = 0")).limits.max_auto_actions_per_5min == 0
    assert "`max_auto_actions_per_5min` is 1001" in problems(limits("max_auto_actions_per_5min = 1001"))[0].message
    assert compile_rules(limits('allow = { a = ["demote"] }')).limits.allow == {"a": frozenset({"demote"})}
    (listed,) = problems(limits("allow = 3"))
    assert (listed.line, "`allow` is not a table" in listed.message) == (3, True)
    assert [each.line for each in problems(HEAD + "\nlimits = 3\n" + rule().removeprefix(HEAD))] == [3]


def test_what_is_allowed_to_one_rule_is_not_allowed_to_another() -> None:
    first, second = (rule(id=f'"{name}"', actions='["kick"]').removeprefix(HEAD) for name in "ab")
    (told,) = problems(HEAD + '[limits]\nallow = { a = ["kick"] }\n' + first + second)
    assert (told.line, "'b'" in told.message) == (8, True)
    (block,) = problems(HEAD + '[limits]\nallow = { a = ["kick"] }\n' + first.replace("kick", "block"))
    assert "block" in block.message


def test_a_file_may_be_as_large_as_that_and_no_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MAX_BYTES", len(rule()) + 8)
    assert compile_rules(rule() + "#234567\n").rules
    (told,) = problems(rule() + "#2345678\n")
    assert told.line == 1
    assert "larger" in told.message
    assert problems(rule() + "#éééé\n") == [told], "bytes are counted, not characters"


def test_a_file_may_have_so_many_regexes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "MAX_REGEXES", 2)
    assert len(only(rule(when__any="[" + "{ regex = 'x' }," * 2 + "]")).patterns) == 2
    assert "more than 2" in problems(rule(when__any="[" + "{ regex = 'x' }," * 3 + "]"))[0].message


def test_all_regexes_of_a_file_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    size = regexes.size("ab") + regexes.size("c")
    text = rule(when__any="[ { regex = 'ab' }, { regex = 'c' } ]")
    monkeypatch.setattr(regexes, "MAX_TOTAL", size)
    assert only(text).patterns
    monkeypatch.setattr(regexes, "MAX_TOTAL", size - 1)
    assert "together are too large" in problems(text)[0].message


def test_a_rule_set_keeps_its_text_and_name_and_finds_its_rules() -> None:
    found = compile_rules(GOOD, "house.toml")
    assert (found.text, found.filename) == (GOOD, "house.toml")
    assert found.rule("rude") is found.rules[1]
    assert found.rule("nobody") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "no rule"),
        (rule(when__any="[]"), "matches nothing"),
        (rule(when__any="[{ words = [] }]"), "matches nothing"),
        (rule(actions="[]"), "does nothing"),
        (rule(scope="{ roles = [] }"), "watches nobody"),
    ],
)
def test_a_warning_says_what_is_odd_and_what_to_do(text: str, words: str) -> None:
    (warning,) = compile_rules(text, "my.toml").warnings
    assert words in warning.message
    assert warning.todo.strip()
    assert warning.file == "my.toml"


@pytest.mark.parametrize(("errors", "more"), [(1, ""), (2, " (and 1 more)"), (3, " (and 2 more)")])
def test_a_refused_file_shows_its_first_error_and_counts_the_others(errors: int, more: str) -> None:
    found = [Problem(9, "odd", "look", level="warning"), *(Problem(9 - n, "bad", "mend it") for n in range(errors))]
    refused = RuleFileError(found)
    assert str(refused) == f"rules.toml:{10 - errors}: error: bad; mend it{more}"
    assert refused.problems == sorted(found)


def test_a_file_may_be_refused_without_an_error_to_show() -> None:
    assert str(RuleFileError([]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mod": '"enforce"'}, "did you mean `mode`?"),
        ({"zzzzzz": "1"}, "the known ones are `actions`, `confirm`, `cooldown`"),
        ({"scope": '{ roles = ["zzz"] }'}, "the known ones are `cohost`, `host`, `speaker`"),
        ({"scope": '{ roles = ["hos"] }'}, "did you mean `host` or `cohost`?"),
        ({"words_from": "1"}, "the known ones are"),
    ],
)
def test_a_word_that_is_not_known_is_told_with_at_most_two_near_ones(changes: dict[str, str], words: str) -> None:
    assert words in problems(rule(**changes))[0].todo
