"""The rule engine: from recognised words to decisions.

The confidence of a hit is that of its *least certain* word, since all words of a phrase must have been said. Each
offence is told: repeats, cooldowns and sanctions are counted by the server (`domain.offences`). There is no clock but
the Space's, so the same words delivered again give the same result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import AT_ONCE, Terms
from spacesctl.rules import normalise
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.room_facts import RoomFacts, Subject
from spacesctl.rules.ruleset import Rule, RuleSet
from spacesctl.rules.word_length import keep

JOIN_TICKS = 3 * TICKS_PER_SECOND
"""A phrase may contain a pause of up to this many ticks (20 ms each): the recogniser may end an utterance there."""
MAX_TAIL_WORDS = 32
"""Words of earlier utterances that are kept per lane: more than any phrase has."""
MOST_TIMES = 10
"""Times that a rule decides on in one utterance; more would be one thing said many times, and each is a request to the server."""
STAFF = frozenset({"host", "cohost"})


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
    """A rule was broken. `mode` `enforce`: take the actions; `shadow` and `suggest` (a person is to decide): only record them.

    `key` depends on the rule, the lane and the ticks only: the same words delivered again give the same key, so nobody
    is punished twice. Evidence lengths are in seconds.
    """

    rule_id: str
    rule_hash: str
    mode: Literal["shadow", "suggest", "enforce"]
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
    numbers: tuple[tuple[int, int], ...] = ()
    """The ticks of the numbers that were spoken around it, which evidence leaves out."""
    confirm: tuple[str, ...] = ()
    """What a second recognition has to hear, one of these in normalised words, before there is a sanction; empty: nothing."""
    waiting: bool = False
    """Whether it waits for that: the server is told, so that it is not lost if this process is killed."""
    unconfirmed: bool = False
    """Whether it has not heard it, or could not be asked in time: then it is only recorded."""
    found: str = ""
    """The facts by which a rule without words decided."""

    @property
    def key(self) -> str:
        """Identifies the offence. Without words several people may commit it in the same tick, also without a lane."""
        what = f"{self.lane}" if self.words else f"{self.lane}@{self.account_id}"
        return f"{self.rule_id}:{what}:{self.start_tick}-{self.end_tick}"

    def key_of(self, action: str) -> str:
        """Identifies one action for the offence."""
        return f"{self.key}:{action}"


@dataclass
class _Lane:
    """The latest words of a lane, normalised, each with the recognised word that it came from."""

    account_id: str
    utterance: int = -1
    spoken: list[tuple[str, Word]] = field(default_factory=list)
    judged: dict[str, int] = field(default_factory=dict)
    """Rule id -> last tick of its latest hit."""


class _Found(NamedTuple):
    """What was said where a hit is: the same for all rules that look for it. `own` are the normalised words without fillers."""

    words: tuple[Word, ...]
    confidence: float
    own: str
    parts: tuple[Word, ...]
    """The words without fillers."""


def _found(hit: Hit, lane: _Lane) -> _Found:
    words = tuple(dict.fromkeys(word for _, word in lane.spoken[hit.first : hit.last + 1]))
    own = [lane.spoken[at] for at in hit.own]
    parts = tuple(word for _, word in own)
    return _Found(words, min(word.conf for word in parts), " ".join(plain for plain, _ in own), parts)


class RuleEngine:
    """Applies one Space's rules. Feed it all utterances in order; it returns what is to be done.

    Hosts and co-hosts are exempt unless a rule's `scope` names them; bots always are. Without `facts` all conditions on
    sound and conduct are taken to hold.
    """

    def __init__(self, ruleset: RuleSet, *, facts: RoomFacts | None = None) -> None:
        self.ruleset = ruleset
        self._facts = facts
        self._matcher = Matcher(ruleset.rules, ruleset.exceptions)
        self._terms = [(rule.terms, ruleset.ladders_of(rule)) for rule in ruleset.rules]
        self._lanes: dict[int, _Lane] = {}
        self._said_by_staff = dict[str, int]()
        """Rule id -> last tick of its latest hit in the words of a host or co-host."""

    def forget(self, lane: int) -> None:
        """Drop the words of a lane whose session is over."""
        self._lanes.pop(lane, None)

    def hear(self, heard: HeardUtterance) -> list[Decision]:
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
        said: dict[tuple[int, int, tuple[int, ...]], _Found] = {}
        decisions, times = list[Decision](), Counter[int]()
        for hit in hits:
            if times[hit.rule] == MOST_TIMES:
                continue
            span = (hit.first, hit.last, hit.between)
            found = said.get(span)
            if found is None:
                found = said[span] = _found(hit, lane)
            if (decision := self._judge(hit, found, lane, heard)) is not None:
                times[hit.rule] += 1
                decisions.append(decision)
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

    def _judge(self, hit: Hit, found: _Found, lane: _Lane, heard: HeardUtterance) -> Decision | None:
        rule = self.ruleset.rules[hit.rule]
        start, end = found.words[0].start_tick, found.words[-1].end_tick
        if heard.role in STAFF:
            self._said_by_staff[rule.id] = max(end, self._said_by_staff.get(rule.id, end))
        if not rule.watches(heard.role, heard.kind) or not rule.confidence.holds(found.confidence):
            return None
        if not keep(rule.word_ms, found.parts):
            return None
        if start <= lane.judged.get(rule.id, -1):
            return None  # overlaps an earlier hit of this rule: the same offence
        if self.is_quoted(rule, start) or not self._holds(rule, heard, start, end):
            return None
        lane.judged[rule.id] = end
        return self._decision(rule, hit, heard, found)

    def _holds(self, rule: Rule, heard: HeardUtterance, start: int, end: int) -> bool:
        """Whether what the rule asks besides words holds."""
        if self._facts is None or not rule.all_of:
            return True
        return self._facts.holds(rule, Subject(heard.account_id, heard.lane, heard.role, heard.kind), end, (start, end))

    def applies(self, decision: Decision, who: Subject) -> bool:
        """Whether the rule of a decision could be about somebody else who says the same at that time."""
        rule = next((one for one in self.ruleset.rules if one.id == decision.rule_id), None)
        if rule is None or not rule.watches(who.role, who.kind):
            return False
        said = (decision.start_tick, decision.end_tick)
        return self._facts is None or self._facts.holds(rule, who, decision.end_tick, said)

    def is_quoted(self, rule: Rule, start: int) -> bool:
        """Whether a moderator has just said the same."""
        said = self._said_by_staff.get(rule.id)
        return said is not None and 0 <= start - said <= rule.quoting * TICKS_PER_SECOND and rule.quoting > 0

    def _decision(self, rule: Rule, hit: Hit, heard: HeardUtterance, found: _Found) -> Decision:
        terms, ladders = self._terms[hit.rule]
        return Decision(
            rule_id=rule.id,
            rule_hash=self.ruleset.hash,
            mode=rule.mode,
            actions=rule.actions,
            lane=heard.lane,
            account_id=heard.account_id,
            start_tick=found.words[0].start_tick,
            end_tick=found.words[-1].end_tick,
            words=found.words,
            confidence=found.confidence,
            matched=hit.matched,
            evidence_before=rule.before,
            evidence_after=rule.after,
            terms=terms,
            ladders=ladders,
            confirm=(hit.meant or (found.own,)) if rule.confirm else (),
        )
