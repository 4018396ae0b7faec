"""Compiled rules as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from spacesctl.domain import actions
from spacesctl.domain.actions import LADDER
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import Terms
from spacesctl.rules.facts import Condition, needed
from spacesctl.rules.numbers import Digits
from spacesctl.rules.problems import Problem
from spacesctl.rules.word_length import WordMs

Mode = Literal["shadow", "suggest", "enforce"]
Finds = Literal["words", "account", "space"]
MODES: Final[Mapping[str, Mode]] = {mode: mode for mode in get_args(Mode)}
"""The modes of a rule by name, the mildest first."""

ACTIONS = actions.BY_RULES
"""The actions of a rule, mildest first."""
NEEDS_ALLOW = actions.ONLY_IF_ALLOWED
"""Actions harsher than a mute: a rule may take them only if `[limits] allow` names it."""
ONLY_SUGGESTED = actions.ONLY_SUGGESTED
"""Actions that a rule in the mode `enforce` cannot have."""
MAX_REGEX = 260
"""Characters of one regex; longer ones cannot be reviewed by a reader."""


@dataclass(frozen=True)
class Phrase:
    """A phrase to find as whole words. `text` is as written; `readings` are its normalised spellings (numerals have several), at the end
    those that inflect a word, `forms` of them. Up to `gap` fillers may stand between two words."""

    text: str
    readings: tuple[str, ...]
    line: int
    forms: int = 0
    gap: int = 0
    file: str = ""
    """The list that it stands in; empty for the rule file itself."""

    @property
    def inflected(self) -> tuple[str, ...]:
        """The spellings that inflections have added."""
        return self.readings[len(self.readings) - self.forms :]


@dataclass(frozen=True)
class Prefix:
    """Words that begin with `start`, which is normalised."""

    start: str
    line: int


@dataclass(frozen=True)
class Pattern:
    """A regex (RE2 syntax) on the normalised words, with single spaces between; a hit begins and ends at word borders."""

    text: str
    line: int


@dataclass(frozen=True)
class Confidence:
    """A lower bound on the recogniser's confidence in the least certain word of a hit."""

    value: float = 0.0
    strict: bool = False

    def holds(self, confidence: float) -> bool:
        """Whether `confidence`, from 0 to 1, is within the bound."""
        return confidence > self.value if self.strict else confidence >= self.value

    def __str__(self) -> str:
        return f"{'>' if self.strict else '>='}{self.value:g}"


@dataclass(frozen=True)
class Rule:
    """One `[[rule]]`. Durations are in seconds."""

    id: str
    line: int
    mode: Mode = "shadow"
    severity: int = 1
    literals: tuple[Phrase, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    digits: tuple[Digits, ...] = ()
    sounds: tuple[Phrase, ...] = ()
    """Phrases that are also found in other words that sound like them."""
    confirm: bool = False
    """Whether sanctions wait until a second recognition has heard the same."""
    any_of: tuple[Condition, ...] = ()
    """Conditions on sound and conduct of which one must hold, in a rule without words."""
    all_of: tuple[Condition, ...] = ()
    """Conditions on sound and conduct that must all hold."""
    confidence: Confidence = Confidence()
    word_ms: tuple[WordMs, ...] = ()
    """Bounds on the length of each word."""
    times: int = 1
    within: float = 0.0
    roles: frozenset[str] = frozenset({"speaker"})
    cooldown: float = 0.0
    quoting: float = 0.0
    """Seconds after a host or co-host has said it in which others may say it, too."""
    actions: tuple[str, ...] = ("log",)
    before: float = 10.0
    after: float = 4.0

    @property
    def about(self) -> Finds:
        """What it finds: words, an account by its sound or conduct, or something about the Space. An empty one would find words."""
        if self.literals or self.prefixes or self.patterns or self.digits or not (self.any_of or self.all_of):
            return "words"
        return "account" if needed((*self.any_of, *self.all_of), "account") else "space"

    @property
    def taken(self) -> tuple[str, ...]:
        """The actions that it takes by itself: none in shadow mode, and only what tells in the mode `suggest`."""
        tells = () if self.mode == "shadow" else tuple(one for one in self.actions if one in actions.ALWAYS_GRANTED)
        return self.actions if self.mode == "enforce" else tells

    @property
    def redacts(self) -> bool:
        """Whether what it matches is kept from the audience."""
        return "redact" in self.taken

    @property
    def terms(self) -> Terms:
        """When it acts, in ticks."""
        within, cooldown = (round(seconds * TICKS_PER_SECOND) for seconds in (self.within, self.cooldown))
        return Terms(self.times, within, cooldown, self.severity)

    def watches(self, role: str, kind: str) -> bool:
        """Whether it applies to somebody with this role in the Space and this kind of account. Bots are always exempt."""
        return kind != "bot" and role in self.roles


@dataclass(frozen=True)
class Limits:
    """The `[limits]` of a file. `allow`: per rule id, the actions harsher than a mute that the rule may take."""

    max_auto_actions_per_5min: int = 5
    allow: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleSet:
    """An accepted rule file. `hash` is the SHA-256 of its text; each act refers to it."""

    rules: tuple[Rule, ...]
    limits: Limits
    hash: str
    text: str
    filename: str = "rules.toml"
    warnings: tuple[Problem, ...] = ()
    exceptions: tuple[Phrase, ...] = ()
    """What no rule hits, nor any part of it."""
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    """By name."""

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def digits(self) -> tuple[Digits, ...]:
        """The numbers that no text may keep: those of all rules, also of those in shadow mode."""
        return tuple(each for rule in self.rules for each in rule.digits)

    def confirms(self) -> bool:
        """Whether some rule needs a second recognition."""
        return any(rule.confirm for rule in self.rules)

    def redacting(self) -> tuple[Rule, ...]:
        """The rules that redact."""
        return tuple(rule for rule in self.rules if rule.redacts)

    def grants(self) -> dict[str, set[str]]:
        """The actions that each rule may take by itself, with those of its ladders."""
        return {rule.id: {did for one in rule.taken for did in self._done(one)} for rule in self.rules}

    def ladders_of(self, rule: Rule) -> tuple[Ladder, ...]:
        """The ladders that a rule's offences give points on."""
        return tuple(self.ladders[one.removeprefix(LADDER)] for one in rule.actions if one.startswith(LADDER))

    def _done(self, action: str) -> set[str]:
        if not action.startswith(LADDER):
            return {action}
        return {step.do for step in self.ladders[action.removeprefix(LADDER)].steps}

    def breaker(self) -> tuple[int, int]:
        """How many sanctions the rules may take in five minutes, and how severe the worst offence is that has one."""
        severe = [rule.severity for rule in self.rules if any(map(actions.is_sanction, rule.taken))]
        return self.limits.max_auto_actions_per_5min, max(severe, default=1)

    def actions(self) -> frozenset[str]:
        """All actions that some rule may take: what the host grants the bot by setting these rules."""
        return frozenset().union(*self.grants().values())
