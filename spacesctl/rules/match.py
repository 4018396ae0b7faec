"""Finds the phrases, regexes and numbers of a rule set in spoken words, in a time that does not grow with their number.

One Aho-Corasick automaton holds all phrases, one RE2 set all regexes. The words are joined with single spaces and
padded, and each phrase is padded too, so that phrases match whole words only: `ass` is not found in `class`, nor `hell`
in `he'll`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spacesctl.rules import numbers, regexes
from spacesctl.rules.compounds import Compounds
from spacesctl.rules.ruleset import Rule

MAX_HITS_PER_REGEX = 32
"""Per call of `find`; more would be one thing said many times."""


@dataclass(frozen=True, order=True)
class Hit:
    """A phrase, regex or number of a rule, found in the words `first` to `last` (both included). `rule` is the index of the rule;
    `matched` is what the file says, of a number what it may be. A number is `over` when words follow by which it does not go on."""

    first: int
    last: int
    rule: int
    matched: str
    is_number: bool = False
    over: bool = False


class Matcher:
    """Finds what the rules of a set look for. Built once; `find` may be called any number of times."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._owners: list[list[tuple[int, str]]] = []
        self._automaton = self._build_automaton(rules)
        self._patterns = [(n, pattern.text) for n, rule in enumerate(rules) for pattern in rule.patterns]
        self._compounds = Compounds(rules)
        self._singles: list[Any] = []
        self._digits = [(n, digits) for n, rule in enumerate(rules) for digits in rule.digits]
        self._set = self._build_set()

    def _build_automaton(self, rules: Sequence[Rule]) -> Any:
        literals: dict[str, list[tuple[int, str]]] = {}
        for n, rule in enumerate(rules):
            for phrase in rule.literals:
                for reading in phrase.readings:
                    literals.setdefault(f" {reading} ", []).append((n, phrase.text))
        if not literals:
            return None
        import ahocorasick_rs

        self._owners = list(literals.values())
        return ahocorasick_rs.AhoCorasick(list(literals))

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

    def find(self, words: Sequence[str], *, closed: bool = True) -> list[Hit]:
        """Return the hits in normalised words, in order of place, each rule and stretch of words once. While the words are not `closed`,
        more of them may follow, by which a number may become one that is allowed.
        """
        if not words:
            return []
        text = " " + " ".join(words) + " "
        starts = _starts(words)
        found = {(hit.first, hit.last, hit.rule): hit for hit in self._literal_hits(text, starts)}
        for first, last, n, phrase in self._compounds.find(words):
            found.setdefault((first, last, n), Hit(first, last, n, phrase))
        for hit in self._regex_hits(text, starts):
            found.setdefault((hit.first, hit.last, hit.rule), hit)
        for hit in self._number_hits(words, closed=closed):
            found.setdefault((hit.first, hit.last, hit.rule), hit)
        return sorted(found.values())

    def _number_hits(self, words: Sequence[str], *, closed: bool) -> Iterator[Hit]:
        found = {run: numbers.find(words, run) for run in {digits.run for _, digits in self._digits}}
        for rule, digits in self._digits:
            for number in found[digits.run]:
                if digits.matches(number, words, closed=closed):
                    over = not number.is_open(words, digits.run)
                    yield Hit(number.first, number.last, rule, number.label(words), is_number=True, over=over)

    def _literal_hits(self, text: str, starts: list[int]) -> Iterator[Hit]:
        if self._automaton is None:
            return
        for which, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            first, last = _words_within(starts, start, end)
            for rule, phrase in self._owners[which]:
                yield Hit(first, last, rule, phrase)

    def _regex_hits(self, text: str, starts: list[int]) -> Iterator[Hit]:
        for which in (self._set.Match(text) or ()) if self._set is not None else ():
            rule, pattern = self._patterns[which]
            for start, end in _spans(self._singles[which], text):
                first, last = _words_within(starts, start, end)
                yield Hit(first, last, rule, pattern)


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
