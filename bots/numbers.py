"""Keeps spoken numbers out of what a bot writes: captions, and the words of acts.

A number may go on in the next utterance. So an utterance that ends in digits too few for a number is held back until it is known
whether more follow. Sound is not concerned: see `hearing.arming`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import structs

from bots.hearing.messages import Utterance
from bots.hearing.stretch import PAD
from spacesctl.domain.words import NUMBER
from spacesctl.rules import normalise, numbers
from spacesctl.rules.numbers import Digits, SpokenNumber
from spacesctl.rules.phrases import Exceptions, within
from spacesctl.rules.rule_engine import JOIN_TICKS, Word
from spacesctl.rules.ruleset import Phrase

HOLD_SECONDS: Final = 5.0
"""How long an utterance that may be the beginning of a number is held back: the longest pause within one, and the time until what
follows is recognised. While something follows it is held on."""
LOOK_SECONDS: Final = 0.25
MAX_HELD: Final = 40
"""Utterances of a lane that are held back. The longest number has fewer digits."""
MOST_STRETCHES: Final = 64
"""Numbers of which an act has the ticks."""
MAX_WORDS: Final = 64
"""Words of a lane that are remembered: more than the longest number has."""

Spoken = list[tuple[str, Word]]


@dataclass
class _Lane:
    tail: Spoken = field(default_factory=list)
    """The words of utterances that were released."""
    held: list[Utterance] = field(default_factory=list)
    until: float = 0.0
    secret: frozenset[Word] = frozenset()
    """The words of numbers among the latest ones, also of one that is not complete."""


class NumberMask:
    """One Space. `post` gets every utterance without its numbers, those of a lane in their order. `clock` is in seconds."""

    def __init__(self, post: Callable[[Utterance], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._clock = clock
        self._digits: tuple[Digits, ...] = ()
        self._exceptions = Exceptions()
        self._lanes: dict[int, _Lane] = {}

    def set_digits(self, digits: Sequence[Digits], exceptions: Sequence[Phrase] = ()) -> None:
        """Hide these numbers from now on, but for those within exceptions; or none."""
        self._digits = tuple(digits)
        self._exceptions = Exceptions(exceptions)

    def on_utterance(self, utterance: Utterance) -> None:
        """Take a result of the recogniser, partial or final."""
        lane = self._lanes.setdefault(utterance.lane, _Lane())
        if not self._digits and not lane.held:
            self._post(utterance)
        elif utterance.final and utterance.words:
            self._final(lane, utterance)
        else:
            self.heard((utterance.lane,))
            self._post(self._partial(lane, utterance))

    async def run(self) -> None:
        """Release what was held back for long enough, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.due()

    def due(self) -> None:
        """Release what was held back for long enough: the number did not go on."""
        now = self._clock()
        for lane in self._lanes.values():
            if lane.held and now >= lane.until:
                self._release(lane, len(lane.held), closed=True)

    def hidden(self, lane: int, words: Sequence[Word]) -> tuple[Word, ...]:
        """Words of the lane's latest utterances, with its numbers hidden."""
        known = self._lanes.get(lane)
        return masked(words, known.secret) if known is not None else tuple(words)

    def stretches(self, lane: int) -> tuple[tuple[int, int], ...]:
        """The ticks of the numbers among the lane's latest words, with what a recogniser may be wrong by."""
        known = self._lanes.get(lane)
        found: list[tuple[int, int]] = []
        for word in sorted(known.secret if known is not None else (), key=lambda each: each.start_tick):
            first, last = max(0, word.start_tick - PAD), word.end_tick + PAD
            if found and first <= found[-1][1] + JOIN_TICKS:
                found[-1] = found[-1][0], last
            else:
                found.append((first, last))
        return tuple(found[-MOST_STRETCHES:])

    def heard(self, lanes: Iterable[int]) -> None:
        """Somebody talks on these lanes: what is held back of them is held on."""
        for number in lanes:
            lane = self._lanes.get(number)
            if lane is not None and lane.held:
                lane.until = self._clock() + HOLD_SECONDS

    def forget(self, lane: int) -> None:
        """Drop a lane whose session is over."""
        known = self._lanes.get(lane)
        if known is not None:
            self._release(known, len(known.held), closed=True)
            del self._lanes[lane]

    def _final(self, lane: _Lane, utterance: Utterance) -> None:
        before = _spoken(lane)
        if before and utterance.words[0].start_tick - before[-1][1].end_tick > JOIN_TICKS:
            self._release(lane, len(lane.held), closed=True)
            lane.tail = []
        lane.held.append(utterance)
        lane.until = self._clock() + HOLD_SECONDS
        spoken = _spoken(lane)
        found = list(self._found(spoken, closed=False))
        lane.secret = _words(spoken, (number for number, hides, is_open in found if hides or is_open))
        undecided = [number.first for number, hides, is_open in found if is_open and not hides]
        ready = _before(lane, min(undecided)) if undecided else len(lane.held)
        self._release(lane, max(ready, len(lane.held) - MAX_HELD), closed=False)

    def _found(self, spoken: Spoken, *, closed: bool) -> Iterator[tuple[SpokenNumber, bool, bool]]:
        """Each number, whether it is to be hidden, and whether it may go on."""
        yield from self._found_in([word for word, _ in spoken], closed=closed)

    def _found_in(self, words: Sequence[str], *, closed: bool) -> Iterator[tuple[SpokenNumber, bool, bool]]:
        found = {run: numbers.find(words, run) for run in {digits.run for digits in self._digits}}
        spans = self._exceptions.spans(words) if any(found.values()) else []
        for digits in self._digits:
            for number in found[digits.run]:
                hides = digits.matches(number, words, closed=closed) and not within(number.first, number.last, spans)
                yield number, hides, number.is_open(words, digits.run)

    def _release(self, lane: _Lane, count: int, *, closed: bool) -> None:
        """Post the first `count` of those that are held back."""
        if count <= 0:
            return
        spoken = _spoken(lane)
        secret = _words(spoken, (number for number, hides, _ in self._found(spoken, closed=closed) if hides))
        gone, lane.held = lane.held[:count], lane.held[count:]
        for one in gone:
            words = masked(one.words, secret)
            text = " ".join(word.w for word in words)
            self._post(one if words == one.words else structs.replace(one, text=text, words=words))
            lane.tail = (lane.tail + _pairs(one.words))[-MAX_WORDS:]

    def _partial(self, lane: _Lane, utterance: Utterance) -> Utterance:
        """Its text without numbers; they may have begun in an earlier utterance."""
        before = [word for word, _ in _spoken(lane)]
        raw = utterance.text.split()
        parts = [(part, at) for at, word in enumerate(raw) for part in normalise.heard(word)]
        words = before + [part for part, _ in parts]
        hidden, undecided = set[int](), len(raw)
        for number, hides, is_open in self._found_in(words, closed=False):
            places = [parts[at - len(before)][1] for at in range(max(number.first, len(before)), number.last + 1)]
            if hides:
                hidden.update(places)
            elif is_open and places:  # it may become one: it is shown when it is known
                undecided = min(undecided, places[0])
        if not hidden and undecided == len(raw):
            return utterance
        shown = [NUMBER if at in hidden else word for at, word in enumerate(raw[:undecided])]
        text = " ".join(word for at, word in enumerate(shown) if word != NUMBER or shown[at - 1 : at] != [NUMBER])
        return structs.replace(utterance, text=text, words=())


def masked(words: Sequence[Word], secret: frozenset[Word]) -> tuple[Word, ...]:
    """Words of which each run of secret ones is one `NUMBER`."""
    shown: list[Word] = []
    for word in words:
        if word not in secret:
            shown.append(word)
        elif shown and shown[-1].w == NUMBER:
            before = shown.pop()
            conf = min(before.conf, word.conf)
            shown.append(Word(NUMBER, before.start, word.end, conf, before.start_tick, word.end_tick))
        else:
            shown.append(Word(NUMBER, word.start, word.end, word.conf, word.start_tick, word.end_tick))
    return tuple(shown)


def _pairs(words: Sequence[Word]) -> Spoken:
    return [(part, word) for word in words for part in normalise.heard(word.w)]


def _spoken(lane: _Lane) -> Spoken:
    return lane.tail + [pair for one in lane.held for pair in _pairs(one.words)]


def _words(spoken: Spoken, found: Iterable[SpokenNumber]) -> frozenset[Word]:
    return frozenset(word for number in found for _, word in spoken[number.first : number.last + 1])


def _before(lane: _Lane, index: int) -> int:
    """How many of those that are held back end before a word of the lane."""
    end, count = len(lane.tail), 0
    for one in lane.held:
        end += len(_pairs(one.words))
        if end > index:
            return count
        count += 1
    return count
