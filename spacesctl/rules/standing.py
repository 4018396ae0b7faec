"""Rules without words: what they decide by the facts of sound and conduct, as long as those hold.

A rule acts when its conditions become true. While they stay so it acts again after each `cooldown`. That is counted by the server, as all
is that rules do: so an offence is told again now and then, and a bot that was killed neither doubles nor forgets one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.rules.room_facts import THE_SPACE, RoomFacts, Subject
from spacesctl.rules.rule_engine import Decision
from spacesctl.rules.ruleset import Rule, RuleSet

LOOK_EVERY: Final = TICKS_PER_SECOND
"""Ticks between two looks."""
TOLD_AGAIN: Final = 15 * TICKS_PER_SECOND
"""Ticks after which an offence that goes on is told again. A bot does not know when another one has acted, and the server does."""


class StandingRules:
    """Those of a rule set that have no words. `look` is called as time passes."""

    def __init__(self, ruleset: RuleSet, facts: RoomFacts) -> None:
        self._ruleset = ruleset
        self._facts = facts
        self._rules = [rule for rule in ruleset.rules if rule.about != "words"]
        self._next: dict[tuple[str, str], int] = {}
        """Rule and account, of those that hold -> the tick from which on it is told again."""
        self._looked = -LOOK_EVERY

    def look(self, tick: int, open_lanes: Iterable[Subject]) -> list[Decision]:
        """What is decided at a tick; nothing so soon after the look before."""
        if not self._rules or tick - self._looked < LOOK_EVERY:
            return []
        self._looked = tick
        people = self._facts.subjects(open_lanes)
        holding = [(rule, one) for rule in self._rules for one in self._found(rule, people, tick)]
        before, self._next = self._next, {}
        decided = list[Decision]()
        for rule, one in holding:
            key = (rule.id, one.account_id)
            due = before.get(key, tick)
            if due <= tick:
                decided.append(self._decision(rule, one, tick))
                due = tick + _again(rule)
            self._next[key] = due
        return decided

    def _found(self, rule: Rule, people: Iterable[Subject], tick: int) -> list[Subject]:
        """Whom the rule is about now."""
        if rule.about == "space":
            return [THE_SPACE] if self._facts.holds(rule, THE_SPACE, tick) else []
        watched = (one for one in people if rule.watches(one.role, one.kind))
        return [one for one in watched if self._facts.holds(rule, one, tick)]

    def _decision(self, rule: Rule, one: Subject, tick: int) -> Decision:
        return Decision(
            rule_id=rule.id,
            rule_hash=self._ruleset.hash,
            mode=rule.mode,
            actions=rule.actions,
            lane=one.lane,
            account_id=one.account_id,
            start_tick=tick,
            end_tick=tick,
            words=(),
            confidence=1.0,
            matched="",
            evidence_before=rule.before,
            evidence_after=rule.after,
            terms=rule.terms,
            ladders=self._ruleset.ladders_of(rule),
            found=self._facts.told(rule, one, tick),
        )


def _again(rule: Rule) -> int:
    """Ticks until an offence that goes on is told again. Where the server counts how often, that is the next offence."""
    return min(TOLD_AGAIN, rule.terms.cooldown) if rule.times == 1 else rule.terms.cooldown
