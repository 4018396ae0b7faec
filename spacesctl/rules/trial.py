"""What rules would have done with words that were said: what fired, and what nearly did, with what was missing.

The same engine is asked three times: with the rules as they are, with rules that take everything, and with those but for the exceptions. A
hit that only the second one has was held back by something, which is looked for in the order in which the engine looks. What the engine
tells is counted as the server counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.rules.counting import Counting
from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine, Word
from spacesctl.rules.ruleset import Confidence, Limits, Rule, RuleSet
from spacesctl.rules.word_length import keep

EVERYBODY: Final = frozenset({"speaker", "cohost", "host"})
ANY_RULE: Final = "*"
Ran = Literal["shadow", "enforce", "held", "suggest"]


@dataclass(frozen=True)
class Outcome:
    """A rule's words that were said. Ticks are of 20 ms on the Space clock. `mode`: that of the decision (`held` by the breaker), or
    of the rule. `missing`: what held it back; empty if the rule did, or in `shadow` recorded, what it does."""

    rule: Rule
    mode: Ran
    account_id: str
    lane: int
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    confidence: float
    matched: str
    missing: str = ""

    @property
    def is_hit(self) -> bool:
        """Whether the rule fired, though the circuit breaker may have held what it does."""
        return not self.missing or self.mode == "held"

    @property
    def start(self) -> float:
        """Seconds on the Space clock."""
        return self.start_tick * TICK_SECONDS

    @property
    def end(self) -> float:
        """Seconds on the Space clock."""
        return (self.end_tick + 1) * TICK_SECONDS


class Trial:
    """Takes utterances in their order. All time is that of the Space clock."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        bare = replace(ruleset, rules=tuple(map(_bare, ruleset.rules)), limits=Limits())
        self._real = RuleEngine(ruleset)
        self._excepting = RuleEngine(bare)
        self._all = RuleEngine(replace(bare, exceptions=()))
        self._counting = Counting(ruleset)

    def hear(self, heard: HeardUtterance) -> Iterator[Outcome]:
        """What the rules do with a final utterance, and what they nearly do, in order of time."""
        anybody = replace(heard, role="speaker", kind="person")
        fired = self._real.hear(heard)
        kept = self._excepting.hear(anybody)
        near = [each for each in self._all.hear(anybody) if not _overlaps(each, fired)]
        found = [*self._of(fired), *(self._held_back(each, kept, heard) for each in near)]
        yield from sorted(found, key=lambda each: (each.start_tick, each.rule.line, each.mode))

    def _of(self, fired: Iterable[Decision]) -> Iterator[Outcome]:
        for each in fired:
            modes = {one.mode for one in self._counting.take(each)}
            if "counted" in modes:
                yield self._outcome(each, each.mode, self._uncounted(each))
            if each.mode in modes:
                yield self._outcome(each, each.mode, "")
            if "held" in modes:
                yield self._outcome(each, "held", "the circuit breaker holds sanctions")

    def _uncounted(self, one: Decision) -> str:
        """Why the rule did not act though it found something."""
        known, terms = self._counting.offender(one.rule_id, one.account_id), one.terms
        if known.acted is not None and one.end_tick < known.quiet_until:
            since = (one.end_tick - known.acted.last) * TICK_SECONDS
            return f"cooldown: it acted {since:g} s before, {terms.cooldown * TICK_SECONDS:g} s are asked"
        within = f" within {terms.within * TICK_SECONDS:g} s" if terms.within else ""
        return f"repeat: this is {len(known.counted)} of {terms.times}{within}"

    def _outcome(self, one: Decision, mode: Ran, missing: str) -> Outcome:
        rule = self._ruleset.rule(one.rule_id)
        if rule is None:
            raise RuntimeError("a decision of no rule")
        at = (one.account_id, one.lane, one.start_tick, one.end_tick)
        return Outcome(rule, mode, *at, one.words, one.confidence, one.matched, missing)

    def _held_back(self, near: Decision, kept: Sequence[Decision], heard: HeardUtterance) -> Outcome:
        found = self._outcome(near, "shadow", "")
        return replace(found, mode=found.rule.mode, missing=self._missing(found, _overlaps(near, kept), heard))

    def _missing(self, one: Outcome, is_kept: bool, heard: HeardUtterance) -> str:
        rule = one.rule
        if heard.kind == "bot":
            return "bots are exempt"
        if not rule.watches(heard.role, heard.kind):
            return f"the role {heard.role} is out of scope"
        if not is_kept:
            return "it is within an exception"
        if not rule.confidence.holds(one.confidence):
            return f"confidence is {one.confidence:.2f}, {rule.confidence} is asked"
        if not keep(rule.word_ms, one.words):
            return f"a word does not last {' and '.join(bound.sentence() for bound in rule.word_ms)}"
        if self._real.is_quoted(rule, one.start_tick):
            return f"a host or co-host said the like less than {rule.quoting:g} s before"
        return "it is part of the same offence as the hit before"


def tried(ruleset: RuleSet, said: Iterable[HeardUtterance]) -> list[Outcome]:
    """All outcomes of utterances, in their order."""
    trial = Trial(ruleset)
    return [each for heard in said for each in trial.hear(heard)]


def _bare(rule: Rule) -> Rule:
    """It takes every hit, and counts nothing."""
    return replace(
        rule,
        mode="shadow",
        confidence=Confidence(),
        word_ms=(),
        times=1,
        within=0.0,
        roles=EVERYBODY,
        cooldown=0.0,
        quoting=0.0,
    )


def _overlaps(one: Decision, others: Iterable[Decision]) -> bool:
    return any(
        one.rule_id == other.rule_id and one.start_tick <= other.end_tick and other.start_tick <= one.end_tick
        for other in others
    )


@dataclass(frozen=True)
class Label:
    """From `start` to `end`, in seconds on the Space clock, `rule` (`*`: any) is to fire."""

    start: float
    end: float
    rule: str


@dataclass(frozen=True)
class Score:
    """Of a rule, or (`*`) of all: its `hits`, of which `right` are labelled, and its `labels`, of which so many were `found`."""

    rule: str
    hits: int
    right: int
    labels: int
    found: int

    @property
    def precision(self) -> float | None:
        """The share of hits that are right; None without hits."""
        return self.right / self.hits if self.hits else None

    @property
    def recall(self) -> float | None:
        """The share of labels that were found; None without labels."""
        return self.found / self.labels if self.labels else None


def scores(rules: Sequence[Rule], outcomes: Sequence[Outcome], labels: Sequence[Label]) -> list[Score]:
    """One for each rule and one for all. A label for any rule makes a hit of each rule right, and counts for none but in all."""
    fired = list({(each.rule.id, each.lane, each.start_tick): each for each in outcomes if each.is_hit}.values())
    each_rule = [
        _score(
            rule.id,
            [one for one in fired if one.rule.id == rule.id],
            [one for one in labels if one.rule == rule.id],
            [one for one in labels if one.rule in (rule.id, ANY_RULE)],
        )
        for rule in rules
    ]
    right = sum(one.right for one in each_rule)
    found = sum(any(_right(hit, label) for hit in fired) for label in labels)
    return [*each_rule, Score(ANY_RULE, len(fired), right, len(labels), found)]


def _score(name: str, hits: Sequence[Outcome], own: Sequence[Label], good: Sequence[Label]) -> Score:
    right = sum(any(_right(hit, label) for label in good) for hit in hits)
    return Score(name, len(hits), right, len(own), sum(any(_right(hit, label) for hit in hits) for label in own))


def _right(hit: Outcome, label: Label) -> bool:
    return label.rule in (hit.rule.id, ANY_RULE) and hit.start < label.end and label.start < hit.end
