"""The words that a recogniser can emit, spelled as rules are, and those that are spelled most like another."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, takewhile

from spacesctl.rules import normalise

CLOSEST = 3
LIKELY = 500
"""Words with the most pairs of letters in common, which are compared in full."""
OFF = 2
"""Letters by which a near word is longer or shorter."""
ADVISED = 100
"""Words for which near ones are looked for: of more problems nobody reads the advice."""


class Vocabulary:
    """The vocabulary of a model, as it lists it."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._words = {part for word in listed for part in normalise.heard.__wrapped__(word)}
        self._advised = 0

    def missing(self, readings: Sequence[str]) -> list[str]:
        """The unknown words of the reading that has fewest; none when a phrase can be heard, also as a single word (`give away`,
        `giveaway`)."""
        if any(" " in reading and reading.replace(" ", "") in self._words for reading in readings):
            return []
        unknown = [[word for word in reading.split() if word not in self._words] for reading in readings]
        fewest = min(unknown, key=len)
        return list(dict.fromkeys(fewest))

    def hears(self, word: str) -> bool:
        """Whether it has this normalised word."""
        return word in self._words

    def beginning(self, start: str) -> list[str]:
        """Its words that begin so, sorted."""
        at = bisect_left(self._listed, start)
        return list(takewhile(lambda word: word.startswith(start), self._listed[at:]))

    def nearest(self, word: str) -> list[str]:
        """Up to three words that are spelled most like it; none for a word after the first `ADVISED`."""
        self._advised += 1
        if self._advised > ADVISED:
            return []
        shared = Counter(chain.from_iterable(self._by_pair.get(pair, ()) for pair in _pairs(word)))
        likely = [self._listed[at] for at, _ in shared.most_common(LIKELY)]
        near = [each for each in likely if abs(len(each) - len(word)) <= OFF and _half_alike(word, each)]
        return difflib.get_close_matches(word, sorted(near), n=CLOSEST, cutoff=0.5)

    @cached_property
    def _listed(self) -> list[str]:
        return sorted(self._words)

    @cached_property
    def _by_pair(self) -> dict[str, list[int]]:
        """Pair of letters -> the numbers of the words that have it."""
        found = defaultdict[str, list[int]](list)
        for at, each in enumerate(self._listed):
            for pair in _pairs(each):
                found[pair].append(at)
        return dict(found)


def _half_alike(word: str, other: str) -> bool:
    letters = set(word)
    return 2 * len(letters & set(other)) >= len(letters)


def _pairs(word: str) -> set[str]:
    """Its pairs of neighbouring letters, with its borders."""
    bordered = f" {word} "
    return {bordered[at : at + 2] for at in range(len(bordered) - 1)}
