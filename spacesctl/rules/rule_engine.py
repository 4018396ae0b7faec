"""The rule engine: from recognised words to decisions.

The confidence of a hit is that of its *least certain* word, since all words of a phrase must have been said. Repeats
and cooldowns are counted per account and on the Space clock, so that the same words delivered again give the same
result. Only the circuit breaker uses `now`; it counts and holds sanctions alone: what protects or only tells goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from spacesctl.domain.actions import is_sanction
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import AT_ONCE, Terms
from spacesctl.rules import normalise
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.ruleset import Rule, RuleSet

JOIN_TICKS = 3 * TICKS_PER_SECOND
"""A phrase may contain a pause of up to this many ticks (20 ms each): the recogniser may end an utterance there."""
MAX_TAIL_WORDS = 32
"""Words of earlier utterances that are kept per lane: more than any phrase has."""
STAFF = frozenset({"host", "cohost"})
BREAKER_SECONDS = 300.0
"""The window in which the circuit breaker counts automatic acts."""


@dataclass(frozen=True)
class Word:
    """One recognised word, on the Space clock. `start` and `end` are in seconds; `end_tick` is the word's last tick (20 ms)."""

    w: str
    start: float
    end: float
    conf: float
    start_tick: int
    end_tick: int


@dataclass(frozen=True)
class HeardUtterance:
    """What was said on one lane. `utterance` numbers rise within a lane; `role` is the speaker's present role, `kind`
    that of the account.
    """

    lane: int
    account_id: str
    role: str
    kind: str
    words: tuple[Word, ...]
    final: bool
    utterance: int


@dataclass(frozen=True)
class Decision:
    """A rule was broken. `mode` `enforce`: take the actions; `shadow`, `held` (the circuit breaker is open) and `suggest` (a
    person is to decide): only record them. One offence gives two decisions when its sanctions are held and its other actions
    are not.

    `key` depends on the rule, the lane and the ticks only: the same words delivered again give the same key, so nobody
    is punished twice. `tripped` marks the decision that opened the breaker, for a notification to staff. Evidence
    lengths are in seconds.
    """

    rule_id: str
    rule_hash: str
    mode: Literal["shadow", "suggest", "enforce", "held"]
    actions: tuple[str, ...]
    lane: int
    account_id: str
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    confidence: float
    matched: str
    evidence_before: float
    evidence_after: float
    terms: Terms = AT_ONCE
    ladders: tuple[Ladder, ...] = ()
    tripped: bool = False
    numbers: tuple[tuple[int, int], ...] = ()
    """The ticks of the numbers that were spoken around it, which evidence leaves out."""

    @property
    def key(self) -> str:
        """Identifies the offence."""
        return f"{self.rule_id}:{self.lane}:{self.start_tick}-{self.end_tick}"

    def key_of(self, action: str) -> str:
        """Identifies one action for the offence."""
        return f"{self.key}:{action}"


class Breaker:
    """The circuit breaker: opens at more than `most` decisions with a sanction within five minutes, and stays open until
    the rules are set again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._acts: deque[float] = deque(maxlen=most + 1)
        self.open = False

    def take(self, now: float) -> bool:
        """Count one more act at `now` (seconds of any steady clock); whether it may happen."""
        while self._acts and now - self._acts[0] > BREAKER_SECONDS:
            self._acts.popleft()
        if not self.open and len(self._acts) >= self._most:
            self.open = True
        if not self.open:
            self._acts.append(now)
        return not self.open


@dataclass
class _Lane:
    """The latest words of a lane, normalised, each with the recognised word that it came from."""

    account_id: str
    utterance: int = -1
    spoken: list[tuple[str, Word]] = field(default_factory=list)
    judged: dict[str, int] = field(default_factory=dict)
    """Rule id -> last tick of its latest hit."""


class RuleEngine:
    """Applies one Space's rules. Feed it all utterances in order; it returns what is to be done.

    Hosts and co-hosts are exempt unless a rule's `scope` names them; bots always are. Without `counts` each
    offence is told, and who is told counts them.
    """

    def __init__(self, ruleset: RuleSet, *, counts: bool = True) -> None:
        self.ruleset = ruleset
        self._counts = counts
        self._matcher = Matcher(ruleset.rules, ruleset.exceptions)
        self._lanes: dict[int, _Lane] = {}
        self._offences: dict[tuple[str, str], deque[float]] = {}
        self._quiet_until: dict[tuple[str, str], float] = {}
        self._said_by_staff = dict[str, int]()
        """Rule id -> last tick of its latest hit in the words of a host or co-host."""
        self._breaker = Breaker(ruleset.limits.max_auto_actions_per_5min)

    @property
    def tripped(self) -> bool:
        """Whether the circuit breaker is open, so that sanctions are only recorded."""
        return self._breaker.open

    def forget(self, lane: int) -> None:
        """Drop the words of a lane whose session is over. Offences of the account stay, for `repeat` and `cooldown`."""
        self._lanes.pop(lane, None)

    def hear(self, heard: HeardUtterance, now: float) -> list[Decision]:
        """Return the decisions on an utterance. Only final ones are judged, and each once, even if it is delivered again."""
        if not heard.final:
            return []
        lane = self._lane(heard)
        if heard.utterance <= lane.utterance:
            return []
        lane.utterance = heard.utterance
        known = self._extend(lane, heard)
        # Of what was there before only numbers are found anew: one may only now be known to be over.
        hits = self._matcher.find([word for word, _ in lane.spoken], closed=False, since=known)
        decisions = [each for hit in hits for each in self._judge(hit, lane, heard, now)]
        del lane.spoken[:-MAX_TAIL_WORDS]
        return decisions

    def _lane(self, heard: HeardUtterance) -> _Lane:
        lane = self._lanes.get(heard.lane)
        if lane is None or lane.account_id != heard.account_id:
            lane = self._lanes[heard.lane] = _Lane(heard.account_id)
        return lane

    @staticmethod
    def _extend(lane: _Lane, heard: HeardUtterance) -> int:
        """Append the new words, or start over after a long pause; returns how many words were there before."""
        fresh = [(part, word) for word in heard.words for part in normalise.heard(word.w)]
        if fresh and lane.spoken and fresh[0][1].start_tick - lane.spoken[-1][1].end_tick > JOIN_TICKS:
            lane.spoken.clear()
        known = len(lane.spoken)
        lane.spoken += fresh
        return known

    def _judge(self, hit: Hit, lane: _Lane, heard: HeardUtterance, now: float) -> Iterator[Decision]:
        rule = self.ruleset.rules[hit.rule]
        words = tuple(dict.fromkeys(word for _, word in lane.spoken[hit.first : hit.last + 1]))
        confidence = min(lane.spoken[at][1].conf for at in hit.own)
        start, end = words[0].start_tick, words[-1].end_tick
        if heard.role in STAFF:
            self._said_by_staff[rule.id] = max(end, self._said_by_staff.get(rule.id, end))
        if not rule.watches(heard.role, heard.kind) or not rule.confidence.holds(confidence):
            return
        if self.is_quoted(rule, start):
            return
        if start <= lane.judged.get(rule.id, -1):
            return  # overlaps an earlier hit of this rule: the same offence
        lane.judged[rule.id] = end
        decision = self._decision(rule, hit, heard, words, confidence)
        if not self._counts:
            yield decision
        elif self._offended(rule, heard.account_id, end * TICK_SECONDS):
            yield from self._limited(decision, now)

    def is_quoted(self, rule: Rule, start: int) -> bool:
        """Whether a moderator has just said the same."""
        said = self._said_by_staff.get(rule.id)
        return said is not None and 0 <= start - said <= rule.quoting * TICKS_PER_SECOND and rule.quoting > 0

    def _decision(
        self, rule: Rule, hit: Hit, heard: HeardUtterance, words: tuple[Word, ...], confidence: float
    ) -> Decision:
        return Decision(
            rule_id=rule.id,
            rule_hash=self.ruleset.hash,
            mode=rule.mode,
            actions=rule.actions,
            lane=heard.lane,
            account_id=heard.account_id,
            start_tick=words[0].start_tick,
            end_tick=words[-1].end_tick,
            words=words,
            confidence=confidence,
            matched=hit.matched,
            evidence_before=rule.before,
            evidence_after=rule.after,
            terms=rule.terms,
            ladders=self.ruleset.ladders_of(rule),
        )

    def _limited(self, decision: Decision, now: float) -> Iterator[Decision]:
        """The decision, or its two parts when the circuit breaker holds the sanctions."""
        sanctions = tuple(action for action in decision.actions if is_sanction(action))
        was_open = self._breaker.open
        if decision.mode != "enforce" or not sanctions or self._breaker.take(now):
            yield decision
            return
        if free := tuple(action for action in decision.actions if not is_sanction(action)):
            yield replace(decision, actions=free)
        yield replace(decision, mode="held", actions=sanctions, tripped=not was_open)

    def _offended(self, rule: Rule, account_id: str, at: float) -> bool:
        """Count an offence at `at` seconds on the Space clock; whether the rule's `repeat` is reached."""
        key = (rule.id, account_id)
        if at < self._quiet_until.get(key, 0.0):
            return False
        times = self._offences.setdefault(key, deque(maxlen=rule.times))
        times.append(at)
        while rule.within and at - times[0] > rule.within:
            times.popleft()
        if len(times) < rule.times:
            return False
        times.clear()
        if rule.cooldown:
            self._quiet_until[key] = at + rule.cooldown
        return True
