"""Finds phrases that are divided into words in another way than they were heard: `give away` and `giveaway`.

One automaton runs over the words without the spaces between them. A hit counts when it begins and ends where words do, and when every
piece, of the phrase and of what was heard, is a word that one puts together: of three letters or more, and none of those that stand beside
everything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from spacesctl.rules.ruleset import Rule

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

LEAST_PIECE: Final = 3
"""Letters of a piece: `pen is` is no compound."""
LEAST: Final = 6
_APART: Final = frozenset({
    "the", "and", "for", "are", "but", "not", "you", "all", "any", "can", "had", "her", "was", "one", "our", "day", "get", "has", "him",
    "his", "how", "man", "new", "now", "old", "see", "two", "way", "who", "did", "its", "let", "put", "say", "she", "too", "use", "that",
    "with", "have", "this", "will", "your", "from", "they", "know", "want", "been", "good", "much", "some", "time", "very", "when",
    "come", "here", "just", "like", "long", "make", "many", "more", "only", "over", "such", "take", "than", "them", "well", "were",
    "what", "then", "into", "also",
})  # fmt: skip
"""Words that stand in front of others without being a part of them: `the rapist`."""


class Compounds:
    """The phrases of a rule set that may be one word more or fewer. Built once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        owners: dict[str, list[tuple[int, str, int]]] = {}
        for n, rule in enumerate(rules):
            for phrase in rule.literals:
                for reading in phrase.readings:
                    words = reading.split()
                    if _may_be_put_together(words):
                        owners.setdefault("".join(words), []).append((n, phrase.text, len(words)))
        self._longest = max(map(len, owners), default=0)
        self._owners = list(owners.values())
        self._automaton = _automaton(list(owners))

    def find(self, words: Sequence[str], since: int = 0) -> Iterator[tuple[int, int, int, str]]:
        """(first word, last word, index of the rule, phrase) of each phrase in normalised words that was divided in another way. What ends
        before the word `since` is left out."""
        if self._automaton is None:
            return
        begin = self._begin(words, since)
        # A space in place of what is no piece: no phrase goes on over it, and the automaton reads half as much.
        heard = [word if len(word) >= LEAST_PIECE and word not in _APART else " " for word in words[begin:]]
        found = self._automaton.find_matches_as_indexes("".join(heard), overlapping=True)
        for first, last, n, phrase in self._hits(heard, found) if found else ():
            if last + begin >= since:
                yield first + begin, last + begin, n, phrase

    def _begin(self, words: Sequence[str], since: int) -> int:
        """The first word at which a phrase may begin that has the word `since`: what is not put together ends the way back, mostly at
        once."""
        begin, letters = since, 0
        while begin > 0 and letters < self._longest and _is_piece(words[begin - 1]):
            begin -= 1
            letters += len(words[begin])
        return begin

    def _hits(self, words: Sequence[str], found: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int, str]]:
        ends = list(accumulate(map(len, words)))
        for which, start, end in found:
            last = bisect_left(ends, end)
            first = 0 if start == 0 else bisect_left(ends, start) + 1
            if ends[last] != end or (start and ends[first - 1] != start):
                continue
            heard = words[first : last + 1]
            for n, phrase, count in self._owners[which]:
                if count != len(heard) and _may_be_put_together(heard):
                    yield first, last, n, phrase


def _may_be_put_together(words: Sequence[str]) -> bool:
    if len(words) == 1:
        return len(words[0]) >= LEAST
    return all(map(_is_piece, words))


def _is_piece(word: str) -> bool:
    return len(word) >= LEAST_PIECE and word not in _APART


def _automaton(phrases: list[str]) -> AhoCorasick | None:
    if not phrases:
        return None
    import ahocorasick_rs

    return ahocorasick_rs.AhoCorasick(phrases)
