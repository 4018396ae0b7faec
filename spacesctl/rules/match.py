"""Finds the phrases, regexes and numbers of a rule set in spoken words, in a time that hardly grows with their number.

A tree of words holds all phrases, one RE2 set all regexes. Both match whole words only: `ass` is not found in `class`, nor `hell` in
`he'll`. What lies within an exception of the file is not found at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from spacesctl.rules import numbers, regexes
from spacesctl.rules.compounds import Compounds
from spacesctl.rules.phrases import Exceptions, Phrases, within
from spacesctl.rules.ruleset import Phrase, Rule
from spacesctl.rules.sounds import SoundsLike

MAX_HITS_PER_REGEX = 32
"""Per call of `find`; more would be one thing said many times."""


class Hit(NamedTuple):
    """A phrase, regex or number of a rule, found in the words `first` to `last` (both included). `rule` is the index of the rule;
    `matched` is what the file says, of a number what it may be. A number is `over` when words follow by which it does not go on.
    `between` are the fillers within the phrase: they are no part of it, and how sure they are does not matter. `meant` are the spellings of
    a phrase that these words only sound like."""

    first: int
    last: int
    rule: int
    matched: str
    is_number: bool = False
    over: bool = False
    between: tuple[int, ...] = ()
    meant: tuple[str, ...] = ()

    @property
    def own(self) -> list[int]:
        """The words that were looked for."""
        return [at for at in range(self.first, self.last + 1) if at not in self.between]


class Matcher:
    """Finds what the rules of a set look for, but for its `exceptions`. Built once; `find` may be called any number of times."""

    def __init__(self, rules: Sequence[Rule], exceptions: Iterable[Phrase] = ()) -> None:
        self._phrases = Phrases((n, phrase) for n, rule in enumerate(rules) for phrase in rule.literals)
        self._prefixes = Prefixes(rules)
        self._compounds = Compounds(rules)
        self._patterns = [(n, pattern.text) for n, rule in enumerate(rules) for pattern in rule.patterns]
        self._singles: list[Any] = []
        self._set = self._build_set()
        self._sounds = SoundsLike(rules)
        self._digits = [(n, digits) for n, rule in enumerate(rules) for digits in rule.digits]
        self._exceptions = Exceptions(exceptions)

    def _build_set(self) -> Any:
        if not self._patterns:
            return None
        import re2

        chosen = regexes.options()
        found = re2.Set.SearchSet(chosen)
        for _, pattern in self._patterns:
            found.Add(regexes.wrapped(pattern))
            self._singles.append(re2.compile(regexes.wrapped(pattern), chosen))
        found.Compile()
        return found

    def find(self, words: Sequence[str], *, closed: bool = True, since: int = 0) -> list[Hit]:
        """Return the hits in normalised words, in order of place, each rule and stretch of words once. While the words are not `closed`,
        more of them may follow, by which a number may become one that is allowed. What ends before the word `since` was found before, and
        is left out, but for numbers.
        """
        found = {(hit.first, hit.last, hit.rule): hit for hit in self._all(words, closed, since)} if words else {}
        if found:
            spans = self._exceptions.spans(words)
            return sorted(hit for hit in found.values() if not within(hit.first, hit.last, spans))
        return []

    def _all(self, words: Sequence[str], closed: bool, since: int) -> Iterator[Hit]:
        """All hits, also those that are excepted. Of a rule's several on the same words the last one counts."""
        yield from self._number_hits(words, closed=closed)
        yield from (hit for hit in self._regex_hits(words) if hit.last >= since)
        for first, last, n, phrase in self._compounds.find(words, since):
            yield Hit(first, last, n, phrase)
        yield from (Hit(at, at, n, text) for at, (n, text) in self._prefixes.find(words, since))
        for alike in self._sounds.find(words, since):
            yield Hit(alike.first, alike.last, alike.rule, alike.phrase.text, meant=alike.phrase.readings)
        for found in self._phrases.find(words, since):
            rule, text = found.owner
            yield Hit(found.first, found.last, rule, text, between=found.between)

    def _number_hits(self, words: Sequence[str], *, closed: bool) -> Iterator[Hit]:
        if not self._digits:
            return
        found = {run: numbers.find(words, run) for run in {digits.run for _, digits in self._digits}}
        for rule, digits in self._digits:
            for number in found[digits.run]:
                if digits.matches(number, words, closed=closed):
                    over = not number.is_open(words, digits.run)
                    yield Hit(number.first, number.last, rule, number.label(words), is_number=True, over=over)

    def _regex_hits(self, words: Sequence[str]) -> Iterator[Hit]:
        if self._set is None:
            return
        text = " " + " ".join(words) + " "
        if matched := self._set.Match(text):
            starts = _starts(words)
            for which in matched:
                rule, pattern = self._patterns[which]
                for start, end in _spans(self._singles[which], text):
                    yield Hit(*_words_within(starts, start, end), rule, pattern)


class Prefixes:
    """The beginnings of words that rules look for."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._owners: dict[str, list[tuple[int, str]]] = {}
        for n, rule in enumerate(rules):
            for prefix in rule.prefixes:
                self._owners.setdefault(prefix.start, []).append((n, f"{prefix.start}*"))
        self._lengths = sorted({len(start) for start in self._owners})

    def find(self, words: Sequence[str], since: int = 0) -> Iterator[tuple[int, tuple[int, str]]]:
        """The index of each word from `since` on that begins so, with the rule and what the file says."""
        if self._owners:
            for at in range(since, len(words)):
                word = words[at]
                for length in self._lengths:
                    if length > len(word):
                        break
                    for owner in self._owners.get(word[:length], ()):
                        yield at, owner


def _spans(compiled: Any, text: str) -> Iterator[tuple[int, int]]:
    """Spans from left to right; the space after one may be the space before the next."""
    at = 0
    for _ in range(MAX_HITS_PER_REGEX):
        found = compiled.search(text, at)
        if found is None:
            return
        yield found.span()
        at = max(found.end() - 1, at + 1)


def _starts(words: Sequence[str]) -> list[int]:
    """The index in the padded text at which each word begins."""
    at, starts = 1, []
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return starts


def _words_within(starts: list[int], start: int, end: int) -> tuple[int, int]:
    """The first and last word of a span, which begins at the space before the first and ends after the space behind the last."""
    first = bisect_left(starts, start + 1)
    return first, max(first, bisect_left(starts, end - 1) - 1)
