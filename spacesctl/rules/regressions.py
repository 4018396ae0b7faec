"""Cases of what rules are not to find again, tried with the engine that finds it live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from spacesctl.rules.rule_engine import HeardUtterance, RuleEngine, Word
from spacesctl.rules.ruleset import Rule, RuleSet


@dataclass(frozen=True)
class Case:
    """Words that a speaker said, and the rule that is not to find anything in them."""

    id: str
    rule: str
    words: tuple[Word, ...]


def fires_again(ruleset: RuleSet, cases: Sequence[Case]) -> list[tuple[Case, str]]:
    """The cases in which their rule finds something again, each with what it found. Each stands alone: what a rule counts, and what was
    said before, does not matter, its confidence and all exceptions do."""
    engine = RuleEngine(replace(ruleset, rules=tuple(map(_at_once, ruleset.rules))))
    found = []
    for lane, case in enumerate(cases, 1):
        heard = HeardUtterance(lane, case.id, "speaker", "person", case.words, True, 0)
        hits = [one for one in engine.hear(heard) if one.rule_id == case.rule] if case.words else []
        if hits:
            found.append((case, " ".join(word.w for word in hits[0].words)))
    return found


def unknown(ruleset: RuleSet, cases: Iterable[Case]) -> list[str]:
    """The rules of cases that the file has no longer."""
    return sorted({case.rule for case in cases if ruleset.rule(case.rule) is None})


def _at_once(rule: Rule) -> Rule:
    return replace(rule, times=1, within=0.0, cooldown=0.0, quoting=0.0)
