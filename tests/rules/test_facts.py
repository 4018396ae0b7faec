"""Conditions on sound and conduct in a rule file: what is accepted, what does not go together, and how it is explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rules.check import check, explain
from spacesctl.rules.facts import FACTS, MOST, Condition, as_found
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import Rule
from tests.rules.test_rulefile import rule

RAID = """schema = 1
[[rule]]
id = "raid"
mode = "suggest"
when.all = [ { joins_per_minute = ">=60" }, { never_seen_share = ">=0.8" } ]
actions = ["lock", "alert"]
"""
NO_ANY: dict[str, str | None] = {"when.any": None}


def of(text: str) -> Rule:
    return compile_rules(text).rules[0]


def when(all_of: str, **changes: str | None) -> str:
    return rule(**(NO_ANY | {"when.all": all_of} | changes))


def test_the_example_of_a_raid_is_read() -> None:
    raid = of(RAID)
    assert (raid.about, raid.any_of) == ("space", ())
    assert [str(one) for one in raid.all_of] == ["joins_per_minute >=60", "never_seen_share >=0.8"]
    assert [one.line for one in raid.all_of] == [5, 5]
    assert (raid.actions, raid.cooldown, raid.mode) == (("alert", "lock"), 300.0, "suggest")


@pytest.mark.parametrize("name", sorted(FACTS))
def test_each_condition_may_narrow_words(name: str) -> None:
    found = of(
        rule(when__all=f'[{{ {name} = "{FACTS[name].example}" }}, {{ confidence = ">=0.5" }}]', actions='["redact"]')
    )
    assert (found.about, [one.name for one in found.all_of]) == ("words", [name])
    assert (found.roles, found.cooldown) == (frozenset({"speaker"}), 0.0)
    assert found.confidence.value == 0.5


@pytest.mark.parametrize("name", sorted(name for name, fact in FACTS.items() if fact.finds))
@pytest.mark.parametrize("place", ["any", "all"])
def test_each_that_finds_may_stand_without_words(name: str, place: str) -> None:
    found = of(rule(**{"when.any": None, f"when.{place}": f'[{{ {name} = "{FACTS[name].example}" }}]'}))
    assert found.about == FACTS[name].about
    assert [one.name for one in (*found.any_of, *found.all_of)] == [name]
    assert found.roles == {"speaker", "listener"}


@pytest.mark.parametrize(
    ("written", "sign", "value"),
    [
        ('{ continuous_talk = ">=90s" }', ">=", 90.0),
        ('{ continuous_talk = "> 2m" }', ">", 120.0),
        ('{ level_db = ">= -12.5" }', ">=", -12.5),
        ('{ level_db = "<-50" }', "<", -50.0),
        ('{ talk_share = "<=0.25" }', "<=", 0.25),
        ('{ reports = " >=2.5 " }', ">=", 2.5),
    ],
)
def test_bounds(written: str, sign: str, value: float) -> None:
    (one,) = of(when(f"[{written}]")).all_of
    assert (one.sign, one.value) == (sign, value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (when('[{ joins_per_minute = 60 }]'), 5, "`joins_per_minute` is 60"),
        (when('[{ joins_per_minute = "60" }]'), 5, 'as in ">=60"'),
        (when('[{ joins_per_minute = "==60" }]'), 5, "is '==60'"),
        (when('[{ continuous_talk = ">=90" }]'), 5, 'a duration, as in ">=90s"'),
        (when('[{ level_db = ">=-12dB" }]'), 5, 'a number, as in ">=-12"'),
        (when('[{ level_db = ">=3" }]'), 5, "from -127 to 0"),
        (when('[{ crosstalk = ">50" }]'), 5, "from 0 to 1"),
        (when('[{ joins_per_minut = ">=60" }]'), 5, "did you mean `joins_per_minute`"),
        (when('[{ noise = ">=-40", clipping = ">=0.1" }]'), 5, "has one key"),
        (when('[{ account_age = "<1d" }]'), 5, "finds nobody: `account_age` only narrows"),
        (when('[{ account_age = "<1d" }, { in_space_for = "<1m" }]'), 5, "`account_age` and `in_space_for` only narrow"),
        (when('[{ joins_per_minute = ">=9" }, { account_age = "<1d" }]'), 5, "`account_age` only narrows"),
        (when('[{ noise = ">=-40" }, { confidence = ">=0.5" }]'), 5, "`confidence` is about words"),
        (when('[{ noise = ">=-40" }]', **{"when.unless": '[{ said_by_moderator_within = "9s" }]'}), 6, "about words"),
        (when('[{ noise = ">=-40" }]', actions='["log", "redact"]'), 4, "nothing to `redact`"),
        (when('[{ joins_per_minute = ">=9" }]', actions='["log", "mute"]'), 4, "`mute` is about one person, and rule 'a' finds nobody"),
        (when('[{ joins_per_minute = ">=9" }]', actions='["report"]'), 4, "take some of log, alert, slow, hold, lock"),
        (when('[{ joins_per_minute = ">=9" }]', scope='{ roles = ["speaker"] }'), 6, "`scope` about a person"),
        (when('[{ noise = ">=-40" }]', cooldown='"9s"'), 6, "again and again"),
        (rule(when__any='[{ words = ["x"] }, { noise = ">=-40" }]'), 4, "stands beside words"),
        (rule(scope='{ roles = ["listener"] }'), 6, "unknown role `listener`"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text, "my.toml")
    problem = next(one for one in caught.value.problems if one.level == "error")
    assert (words in str(problem), problem.line) == (True, line), caught.value.problems


def test_a_file_has_only_so_many_conditions() -> None:
    many = ", ".join(['{ account_age = "<9d" }'] * 200)
    assert len(of(rule(when__all=f"[{many}]")).all_of) == 200
    with pytest.raises(RuleFileError, match="more than 200 conditions on sound and conduct"):
        compile_rules(rule(when__all=f'[{many}, {{ noise = ">=-40" }}]'))


def test_a_ladder_needs_somebody() -> None:
    text = (
        when('[{ joins_per_minute = ">=9" }]', actions='["ladder:s"]')
        + '[ladder.s]\nsteps = [{ points = 1, do = "warn" }]\n'
    )
    with pytest.raises(RuleFileError, match="gives points to one person"):
        compile_rules(text)
    assert of(text.replace("joins_per_minute", "reports")).about == "account"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("level_db", -8.26, "level_db -8.3 dBFS"), ("talk_share", 0.456, "talk_share 0.46"), ("reports", 3.0, "reports 3"),
        ("continuous_talk", 59.94, "continuous_talk 59.9s"), ("account_age", 3 * 86400.0, "account_age 3d"),
        ("account_age", 129_600.0, "account_age 1.5d"), ("in_space_for", 90.0, "in_space_for 1.5m"),
        ("in_space_for", 0.0, "in_space_for 0s"),
    ],
)  # fmt: skip
def test_what_was_found_is_said_in_its_unit(name: str, value: float, told: str) -> None:
    assert as_found(FACTS[name], value) == told


def test_a_rule_on_reports_may_watch_listeners_alone() -> None:
    assert of(when('[{ reports = ">=3" }]', scope='{ roles = ["listener"] }')).roles == {"listener"}


@pytest.mark.parametrize("name", sorted(FACTS))
def test_each_condition_is_explained_in_plain_words(name: str) -> None:
    fact = FACTS[name]
    lines = explain(compile_rules(rule(when__all=f'[{{ {name} = "{fact.example}" }}]')))
    (line,) = (one for one in lines if fact.says in one)
    assert "at least" in line
    assert line.endswith(".")


def test_a_rule_without_words_is_explained() -> None:
    assert check(RAID) == []
    lines = explain(compile_rules(RAID))
    assert (
        lines[1]
        == "  It acts when the number of accounts that first came into the Space in the last minute is at least 60."
    )
    again = "If it stays so, or becomes so again, it acts again after 300 s at the earliest."
    assert f"  It acts when that becomes so. {again}" in lines
    assert not any("listens for nothing" in line or "watches" in line or "Evidence" in line for line in lines)
    loud = rule(
        **{"when.any": '[{ level_db = ">-8" }, { clipping = ">=0.2" }]', "when.all": '[{ account_age = "<2d" }]'}
    )
    told = "\n".join(explain(compile_rules(loud)))
    assert "in the last 3 s is more than -8 dBFS, or the share of their talk" in told
    assert "It asks besides that the age of their account is less than 2d." in told
    assert "It watches listener and speaker. Hosts, co-hosts and bots are exempt." in told


@given(st.sampled_from(sorted(FACTS)), st.sampled_from([">=", ">", "<=", "<"]), st.data())
def test_a_bound_holds_as_it_is_written_and_for_nothing_unknown(name: str, sign: str, data: st.DataObject) -> None:
    least, most = (round(each) for each in MOST[FACTS[name].unit])
    bound, value = (data.draw(st.integers(least, most)) for _ in range(2))
    unit = "s" if FACTS[name].unit == "time" else ""
    bound = min(bound, 9_999_999)
    one = of(rule(when__all=f'[{{ {name} = "{sign}{bound}{unit}" }}]')).all_of[0]
    holds = {">=": value >= bound, ">": value > bound, "<=": value <= bound, "<": value < bound}[sign]
    assert one.holds(value) is holds
    assert not one.holds(None)
    assert Condition(name, one.sign, one.value).holds(bound) is ("=" in sign)


@pytest.mark.parametrize(
    ("any_of", "todo"),
    [
        ('{ reports = ">=3" }, { account_age = "<1d" }', "move it to `when.all`"),
        ('{ reports = ">=3" }, { joins_per_minute = ">=6" }', "move it to `when.all`"),
        ('{ level_db = ">=-127" }', "higher bound"),
        ('{ talk_share = ">=0" }', "higher bound"),
    ],
)
def test_what_would_find_everybody_is_refused(any_of: str, todo: str) -> None:
    text = f'schema = 1\n[[rule]]\nid = "a"\nwhen.any = [ {any_of} ]\nactions = ["mute"]\n'
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text)
    assert todo in str(caught.value.problems)


def test_a_rule_without_words_has_nothing_to_hear_again() -> None:
    text = 'schema = 1\n[[rule]]\nid = "a"\nwhen.any = [ { reports = ">=3" } ]\nconfirm = true\nactions = ["mute"]\n'
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text)
    assert "the rule has none" in str(caught.value.problems)


@pytest.mark.parametrize(
    ("bound", "refused"),
    [
        ('reactions_per_minute = ">=5"', True),
        ('reactions_per_minute = ">4"', True),
        ('reactions_per_minute = ">5"', False),
        ('reactions_per_minute = ">=6"', False),
        ('requests_per_minute = ">=2"', True),
        ('requests_per_minute = ">=3"', False),
        ('requests_per_minute = "<=2"', False),
        ('joins_per_minute = ">=1"', False),
    ],
)
def test_what_one_account_alone_reaches_is_refused(bound: str, refused: bool) -> None:
    text = f'schema = 1\n[[rule]]\nid = "a"\nwhen.all = [ {{ {bound} }} ]\nactions = ["alert"]\n'
    if not refused:
        compile_rules(text)
        return
    with pytest.raises(RuleFileError, match="one account alone"):
        compile_rules(text)


@pytest.mark.parametrize(("mode", "refused"), [("suggest", False), ("shadow", False), ("enforce", True)])
def test_a_hold_is_a_persons_to_decide(mode: str, refused: bool) -> None:
    when = 'when.all = [ { joins_per_minute = ">=60" } ]'
    text = f'schema = 1\n[[rule]]\nid = "raid"\nmode = "{mode}"\n{when}\nactions = ["alert", "hold"]\n'
    if not refused:
        assert "hold" not in compile_rules(text).actions()
        return
    with pytest.raises(RuleFileError, match="may not hold by itself"):
        compile_rules(text)
