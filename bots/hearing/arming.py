"""Finds the phrases and numbers that rules redact in each result of one lane, and says which ticks to silence.

Every partial result counts, as soon as the recogniser has it: what waits for the final result has mostly aired. A partial has no word
times, so the stretch is provisional: it begins well before the phrase's first word was first seen. The recogniser is asked for the times
of its words some moments later, which narrow it. So does the final result, or it shows that the phrase was not said.

A number may go on after a pause, in the next utterance. What is armed then begins where the redaction before it ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bots.hearing.messages import Arm, Armed, Disarmed
from bots.hearing.stretch import narrowed
from spacesctl.rules import normalise, numbers
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.rule_engine import JOIN_TICKS, MAX_TAIL_WORDS, Word
from spacesctl.rules.ruleset import Phrase, Rule
from spacesctl.rules.word_length import keep

BEFORE_SIGHT: Final = 65
"""Ticks before the first sight of a word at which it may have begun: 1.3 s."""
AHEAD: Final = 25
"""Ticks after the first sight of a whole phrase at which it may end: 0.5 s. A partial often has a word before all of it was said."""
NUMBER_AHEAD: Final = 100
"""The same for a number, from its latest digit: 2 s, as more digits may follow."""
GIVE_BACK: Final = 15
"""Ticks for which a phrase that partial results no longer have stays armed: 0.3 s. Every other such phrase comes back."""
CARRIED: Final = 125
"""Ticks into an utterance up to which a number is kept that the one before it, which was cut, had armed: 2.5 s. What was heard again by
then has it, or it was not said. A phrase is kept until the utterance ends: it has few words, of which the cut may have taken one."""
PRE_ROLL: Final = 40
"""Ticks before an utterance's first tick at which its first word may have begun, when there was no pause before it: so many of an utterance
that was cut are heard again."""
TIMES_AFTER: Final = 40
"""Ticks after a phrase was armed at which its words may have times: recognisers settle them a second or two after a word."""
TIMES_EVERY: Final = 10
"""Ticks between two questions for them."""
SHIFTS: Final = 4
"""Words by which a phrase may be elsewhere in the words that have times."""
MOVES: Final = 2
"""Words by which a phrase may move in a later partial and still be the same one: words before it were heard anew."""

Spoken = list[tuple[str, Word]]


class Watch:
    """The rules of one Space that redact, made ready once for all of its lanes."""

    def __init__(self, rules: Sequence[Rule], exceptions: Sequence[Phrase] = ()) -> None:
        self.rules = tuple(rules)
        self.matcher = Matcher(self.rules, exceptions)


@dataclass(frozen=True)
class _Span:
    """Words of a rule's phrase. They are counted from the utterance's first; those of earlier utterances are negative."""

    rule: Rule
    first: int
    last: int
    label: str = ""
    over: bool = False
    """Of a number: words follow it."""
    between: frozenset[int] = frozenset()
    """Fillers within it, of which it does not matter how sure they are."""

    @property
    def ahead(self) -> int:
        """Ticks for which it is redacted after it was seen."""
        return NUMBER_AHEAD if self.label else AHEAD


@dataclass
class _Held:
    """A phrase that is armed. `begins` and `ends`: whether the times of its first and its last word are known. `twice`: two utterances have
    heard it, one before a cut and one after, so it was said."""

    utterance: int
    number: int
    span: _Span
    first_tick: int
    last_tick: int
    ask_at: int = 0
    begins: bool = False
    ends: bool = False
    twice: bool = False
    gone_at: int | None = None
    """Since when partial results do not have it."""


class Arming:
    """One lane. `partial` and `final` take each result in order, and yield what changes."""

    def __init__(self, space: str, lane: int, watch: Watch | None = None) -> None:
        self._space = space
        self._lane = lane
        self._watch = watch
        self._tail: Spoken = []
        self._text = ""
        self._words: list[str] = []
        """Those of the last partial, normalised."""
        self._sights: list[int] = []
        """Tick at which each position of the partial was first seen to have a word."""
        self._held: list[_Held] = []
        self._carried: list[_Held] = []
        """Those of the utterance before, which was cut: this one hears their end."""
        self._waiting: list[_Held] = []
        """Numbers at the end of the utterance before that would be allowed if they went on."""
        self._covered: dict[str, int] = {}
        """Rule id -> last tick that a final result has redacted."""
        self._numbers = 0

    @property
    def watches(self) -> bool:
        """Whether there is something to look for."""
        return self._watch is not None

    def watch(self, watch: Watch | None) -> None:
        """Look for these rules from now on. What earlier ones have armed stays as it is."""
        self._watch = watch
        self._held, self._carried, self._waiting = [], [], []

    def partial(self, text: str, utterance: int, tick: int) -> Iterator[Arm]:
        """Take a partial result after the sound of `tick` was fed."""
        if self._watch is None:
            return
        if text == self._text:
            yield from self._given_back(tick)
            return
        self._text = text
        fresh = [part for word in text.split() for part in normalise.heard(word)]
        self._sights += [tick] * (len(fresh) - len(self._sights))
        tail = self._joined(utterance)
        self._words = fresh
        words = [word for word, _ in tail] + fresh
        yield from self._gone_on(words, len(tail))
        spans = _spans(self._watch.matcher.find(words, closed=False), self._watch, len(tail))
        before, self._held = self._held, []
        for span in spans:
            held = _nearest(before, span)
            first = self._first_tick(span, tail, utterance)
            if held is not None:
                before.remove(held)
                held.gone_at = None
                yield from self._moved(held, span, first, tick)
            elif (held := _overlapping(self._carried, span.rule, first, tick + span.ahead)) is not None:
                self._carried.remove(held)
                held.span, held.begins, held.ends, held.ask_at, held.twice = (
                    span,
                    False,
                    False,
                    tick + TIMES_AFTER,
                    True,
                )
            else:
                held = self._new(utterance, span, first, tick + span.ahead, tick + TIMES_AFTER)
                yield self._armed(held)
            self._held.append(held)
        self._gone(before, tick)
        yield from self._given_back(tick)
        if tick > utterance + CARRIED:
            gone = [held for held in self._carried if held.span.label]
            self._carried = [held for held in self._carried if not held.span.label]
            yield from self._disarmed(gone)

    def _gone(self, before: Sequence[_Held], tick: int) -> None:
        """These are not in the present partial result. The next one often has a phrase again, so it is kept for a moment. A number is not:
        one digit more is often heard for a moment, by which an allowed one would be touched."""
        for held in before:
            if held.twice:
                self._carried.append(held)
            else:
                since = tick - GIVE_BACK if held.span.label else tick
                held.gone_at = since if held.gone_at is None else held.gone_at
                self._held.append(held)

    def _given_back(self, tick: int) -> Iterator[Arm]:
        """Disarm what has not been in partial results for a while."""
        gone = [held for held in self._held if held.gone_at is not None and tick - held.gone_at >= GIVE_BACK]
        if gone:
            self._held = [held for held in self._held if held not in gone]
            yield from self._disarmed(gone)

    def wants_times(self, tick: int) -> bool:
        """Whether the times of words would narrow something now, after the sound of `tick` was fed."""
        asking = [held for held in self._held if held.gone_at is None and not held.ends and held.ask_at <= tick]
        for held in asking:
            held.ask_at = tick + TIMES_EVERY
        return bool(asking)

    def timed(self, words: Sequence[Word], utterance: int) -> Iterator[Arm]:
        """Take the times of the first words of the last partial. The last one may be cut off: it tells where the one before it ends."""
        fresh = [(part, word) for word in words for part in normalise.heard(word.w)]
        known = list(dict.fromkeys(word for _, word in self._joined(utterance) + fresh))
        for held in [one for one in self._held if one.gone_at is None]:
            was, shift = (held.first_tick, held.last_tick), self._shift(held.span, [part for part, _ in fresh])
            if shift is None:
                continue
            first, last = held.span.first + shift, held.span.last + shift
            if not held.begins and held.span.first >= 0 and first < len(fresh) - 1:
                at = known.index(fresh[first][1])
                held.first_tick, held.begins = narrowed(known, at, at)[0], True
            if not held.ends and last < len(fresh) - 1:
                at = known.index(fresh[last][1])
                held.last_tick, held.ends = narrowed(known, at, at)[1], True
            if was != (held.first_tick, held.last_tick):
                yield self._armed(held)

    def _shift(self, span: _Span, timed: Sequence[str]) -> int | None:
        """How many words further on the phrase is in words with times than in the last partial, which may have heard those before it
        differently. None: it is not there yet."""
        first = max(0, span.first)
        wanted = self._words[first : span.last + 1]
        for shift in sorted(range(-SHIFTS, SHIFTS + 1), key=abs):
            there = timed[first + shift : first + shift + len(wanted)] if first + shift >= 0 else []
            if there == wanted or (shift == 0 and there and there == wanted[: len(there)]):
                return shift
        return None

    def final(self, words: Sequence[Word], utterance: int, border: int | None = None) -> Iterator[Arm]:
        """Take the final result; the next partial is that of another utterance. If this one was cut, that has the words from the tick
        `border` on, and phrases with them stay armed."""
        before, self._held, self._carried = self._carried + self._held, [], []
        self._text, self._words, self._sights = "", [], []
        if self._watch is not None:
            fresh = [(part, word) for word in words for part in normalise.heard(word.w)]
            tail = self._joined(fresh[0][1].start_tick) if fresh else self._tail
            spoken, known = tail + fresh, len(tail)
            yield from self._gone_on([word for word, _ in spoken], known)
            for span, first, last in self._timed(spoken, known, closed=False):
                held = _overlapping(before, span.rule, first, last)
                if held is None:
                    held = self._new(utterance, span, first, last)
                else:
                    before.remove(held)
                held.span, held.first_tick, held.last_tick = span, first, last
                self._covered[span.rule.id] = last
                yield self._armed(held, final=True)
            yield from self._waits(utterance, spoken, known)
            self._tail = spoken[-MAX_TAIL_WORDS:]
        self._carried = [held for held in before if border is not None and held.last_tick >= border and not held.twice]
        # The cut may have divided the words so that neither has the phrase: what both have heard stays.
        yield from self._disarmed([held for held in before if held not in self._carried and not held.twice])

    def _waits(self, utterance: int, spoken: Spoken, known: int) -> Iterator[Arm]:
        """Arm the numbers at the end that are redacted unless they go on."""
        for span, first, last in self._timed(spoken, known, closed=True):
            held = self._new(utterance, span, first, last)
            self._waiting.append(held)
            yield self._armed(held, final=True, waits=True)

    def _gone_on(self, words: Sequence[str], known: int) -> Iterator[Arm]:
        """Disarm the numbers that waited and go on in the words from `known` on. They are looked at anew, as longer ones."""
        if self._waiting and len(words) > known:
            on = any(number.first < known <= number.last for number in numbers.find(words))
            gone, self._waiting = self._waiting if on else [], []
            yield from self._disarmed(gone)

    def _new(self, utterance: int, span: _Span, first: int, last: int, ask_at: int = 0) -> _Held:
        self._numbers += 1
        return _Held(utterance, self._numbers, span, first, last, ask_at)

    def _joined(self, tick: int) -> Spoken:
        """The words before an utterance that begins at `tick`: none after a long pause."""
        return self._tail if self._tail and tick - self._tail[-1][1].end_tick <= JOIN_TICKS else []

    def _first_tick(self, span: _Span, tail: Spoken, utterance: int) -> int:
        covered = self._covered.get(span.rule.id, -1)
        if span.first >= 0:
            return max(covered + 1, utterance - PRE_ROLL, self._sights[span.first] - BEFORE_SIGHT)
        words = list(dict.fromkeys(word for _, word in tail))
        first = words.index(tail[len(tail) + span.first][1])
        return max(covered + 1, narrowed(words, first, first)[0])

    def _moved(self, held: _Held, span: _Span, first: int, tick: int) -> Iterator[Arm]:
        """The phrase is still there. The stretch only grows: by words that the phrase has gained, or when it began earlier. That of a
        number ends where other words follow."""
        first = held.first_tick if held.begins else min(first, held.first_tick)
        longer = span.last - span.first > held.span.last - held.span.first
        last = tick + span.ahead if longer else held.last_tick
        held.ends = held.ends and not longer
        if span.over and not held.ends and span.last + 1 < len(self._sights):
            last = min(last, self._sights[span.last + 1])  # when the next word is seen, the number is said
        changed = first < held.first_tick or last != held.last_tick
        held.span, held.first_tick, held.last_tick = span, first, last
        if changed:
            yield self._armed(held)

    def _timed(self, spoken: Spoken, known: int, *, closed: bool) -> Iterator[tuple[_Span, int, int]]:
        """Each phrase of a final result with its ticks, as far as they are not redacted yet. Here the words are known to be sure enough,
        or not."""
        assert self._watch is not None
        words = list(dict.fromkeys(word for _, word in spoken))
        hits = self._watch.matcher.find([word for word, _ in spoken], closed=closed)
        for span in _spans(hits, self._watch, known, least=-known):
            own = [word for _, word in spoken[known + span.first : known + span.last + 1]]
            said = [spoken[known + at][1] for at in range(span.first, span.last + 1) if at not in span.between]
            first, last = narrowed(words, words.index(own[0]), words.index(own[-1]))
            covered = self._covered.get(span.rule.id, -1)
            sure = span.rule.confidence.holds(min(word.conf for word in said)) and keep(span.rule.word_ms, said)
            if own[-1].end_tick > covered and sure:
                yield span, max(first, covered + 1), last

    def _armed(self, held: _Held, *, final: bool = False, waits: bool = False) -> Armed:
        key = (self._space, self._lane, held.utterance, held.span.rule.id, held.number)
        return Armed(*key, held.first_tick, held.last_tick, final, held.span.label, waits)

    def _disarmed(self, gone: Sequence[_Held]) -> Iterator[Disarmed]:
        for held in gone:
            yield Disarmed(self._space, self._lane, held.utterance, held.span.rule.id, held.number)


def _spans(hits: Sequence[Hit], watch: Watch, known: int, least: int = 0) -> list[_Span]:
    """The phrases of which the last word has at least the number `least`, in order; words are counted after the first `known`. Those of
    one rule that overlap are one."""
    found: dict[int, list[_Span]] = {}
    for hit in hits:
        rule, first, last = watch.rules[hit.rule], hit.first - known, hit.last - known
        if last < least:
            continue
        label = hit.matched if hit.is_number else ""
        between = frozenset(at - known for at in hit.between)
        spans = found.setdefault(hit.rule, [])
        if spans and first <= spans[-1].last:
            before = spans.pop()
            between = frozenset(
                at
                for at in before.between | between
                if (at in between or not first <= at <= last)
                and (at in before.between or not before.first <= at <= before.last)
            )
            first, last, label = before.first, max(last, before.last), label or before.label
        spans.append(_Span(rule, first, last, label, hit.over, between))
    return sorted((span for spans in found.values() for span in spans), key=lambda one: (one.first, one.last))


def _nearest(held: Sequence[_Held], span: _Span) -> _Held | None:
    """What was armed for this phrase by an earlier partial."""
    near = [one for one in held if one.span.rule.id == span.rule.id and _distance(one.span, span) <= MOVES]
    return min(near, key=lambda one: _distance(one.span, span), default=None)


def _distance(one: _Span, other: _Span) -> int:
    return abs(one.first - other.first)


def _overlapping(held: Sequence[_Held], rule: Rule, first: int, last: int) -> _Held | None:
    """What was armed for the phrase that has these ticks: that which covers most of them."""

    def shared(one: _Held) -> int:
        return min(last, one.last_tick) - max(first, one.first_tick)

    own = [one for one in held if one.span.rule.id == rule.id and shared(one) >= 0]
    return max(own, key=shared, default=None)
