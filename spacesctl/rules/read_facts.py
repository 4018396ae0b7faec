"""Reads the conditions on sound and conduct of a rule, and says what does not go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from spacesctl.domain.actions import ABOUT_A_SPACE, LADDER
from spacesctl.rules import facts
from spacesctl.rules.facts import FACTS, SIGN, Condition
from spacesctl.rules.fields import SECONDS, Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.ruleset import Rule

LEAST_COOLDOWN: Final = 10.0
"""Seconds: without one a rule on sound or conduct would act in every moment in which its conditions hold."""


def conditions(reader: Reader, path: Path, item: Mapping[str, object]) -> list[Condition]:
    """The bounds of a condition's table, of which a good one has one."""
    found = (_condition(reader, (*path, name), name, item[name]) for name in item if name in FACTS)
    return [one for one in found if one is not None]


def _condition(reader: Reader, path: Path, name: str, value: object) -> Condition | None:
    fact = FACTS[name]
    matched = fact.pattern.fullmatch(value.strip()) if isinstance(value, str) else None
    if matched is None:
        what = "a duration, as in" if fact.unit == "time" else "a number, as in"
        reader.error(path, f"`{name}` is {value!r}", f'write a bound on {what} "{fact.example}"')
        return None
    number = float(matched[2]) * (SECONDS[matched[3]] if fact.unit == "time" else 1.0)
    least, most = facts.MOST[fact.unit]
    if not least <= number <= most:
        reader.error(path, f"`{name}` is {value!r}", f"write a number from {least:g} to {most:g}")
        return None
    return Condition(name, SIGN[matched[1]], number, reader.line(path))


def check_finding(reader: Reader, path: Path, any_of: Sequence[Condition], all_of: Sequence[Condition]) -> bool:
    """Whether a rule without words finds somebody, or something about the Space, by these conditions; an error is noted if not."""
    both = [*any_of, *all_of]
    of_account = facts.needed(both, "account")
    if of_account and not any(one.fact.finds for one in of_account):
        names = " and ".join(f"`{name}`" for name in dict.fromkeys(one.name for one in of_account))
        message = f"the rule finds nobody: {names} only {'narrows' if len(of_account) == 1 else 'narrow'} what other conditions find"
        reader.note(of_account[0].line or reader.line(path), message, "add words, a condition on sound, or `reports`")
    if any(one.fact.finds for one in of_account):
        for one in any_of:
            if one.fact.about != "account" or not one.fact.finds:
                message = f"`{one.name}` in `when.any` would find everybody of whom it is true, whatever they did"
                reader.note(one.line or reader.line(path), message, "move it to `when.all`, where it narrows")
    for one in both:
        if one.fact.finds and one.sign == ">=" and one.value <= facts.MOST[one.fact.unit][0]:
            reader.note(one.line or reader.line(path), f"`{one}` is always true", "write a higher bound")
        if one.fact.each and (
            one.value <= one.fact.each if one.sign == ">=" else one.sign == ">" and one.value < one.fact.each
        ):
            message = f"`{one}` is reached by one account alone, which counts {one.fact.each} times at most"
            reader.note(one.line or reader.line(path), message, f"write a bound above {one.fact.each}")
    return bool(both)


def check_actions(reader: Reader, path: Path, rule: Rule, data: Mapping[str, object]) -> None:
    """Note an error for each action that a rule without words cannot take, and for a scope where nobody is found."""
    if rule.about == "space" and "scope" in data:
        reader.error((*path, "scope"), f"rule {rule.id!r} is about the Space, and `scope` about a person", "remove it")
    written = data["actions"]
    for action in rule.actions:
        at: Path = (*path, "actions", written.index(action) if isinstance(written, list) else 0)
        if action == "redact":
            message = f"rule {rule.id!r} has no words, so there is nothing to `redact`"
            reader.error(at, message, "add words, or remove it")
        elif rule.about == "space" and action not in ABOUT_A_SPACE:
            what = "gives points to" if action.startswith(LADDER) else "is about"
            message = (
                f"`{action}` {what} one person, and rule {rule.id!r} finds nobody: its conditions are about the Space"
            )
            todo = f"take some of {', '.join(ABOUT_A_SPACE)}, or add a condition on sound or `reports`"
            reader.error(at, message, todo)


def check_cooldown(reader: Reader, path: Path, seconds: float) -> None:
    """Note an error for a cooldown that is too short for a rule without words."""
    if seconds < LEAST_COOLDOWN:
        message = (
            f"`cooldown` is {seconds:g} s: a rule without words would act again and again while its conditions hold"
        )
        reader.error(path, message, f'write at least "{LEAST_COOLDOWN:g}s"')
