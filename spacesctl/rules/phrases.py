"""Finds phrases among spoken words: a tree of words, walked from each word that begins a phrase.

Most words begin none, so a large list costs hardly more than a small one. No walk is longer than the longest phrase, and the time grows
with the words alone. A phrase with a `gap` also takes fillers and unknown words between its own: so many at each place, and no other word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from spacesctl.rules.normalise import UNKNOWN
from spacesctl.rules.ruleset import Phrase

FILLERS: Final = frozenset(
    {"um", "uh", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "mhm", "oh", "huh", "like", "well", UNKNOWN}
)
PAIRS: Final = frozenset({("you", "know"), ("i", "mean"), ("sort", "of"), ("kind", "of")})
"""Fillers of two words, which count as one."""

Owner = tuple[int, str]
"""The index of a rule, and the phrase as the file says it."""


class Found(NamedTuple):
    """A phrase in the words `first` to `last`, but for the fillers `between`."""

    first: int
    last: int
    owner: Owner
    between: tuple[int, ...] = ()


class _Tree:
    """The phrases with one `gap`. Nearly all words are passed over by two looks into sets: `alone` are phrases of one word, `pairs` the
    first two words of the others.

    A branch is the text of its words. So the tree is two flat tables, which take less memory than nodes, and the garbage collector passes
    over them.
    """

    def __init__(self, gap: int) -> None:
        self.gap = gap
        self.ends: dict[str, tuple[Owner, ...]] = {}
        """Whose phrases have been said with these words."""
        self.goes_on = set[str]()
        """The words that phrases go on after."""
        self.alone = set[str]()
        self.pairs = set[tuple[str, str]]()

    def add(self, reading: str, owner: Owner) -> None:
        words = reading.split()
        self.goes_on.update(accumulate(words[:-1], lambda before, word: f"{before} {word}"))
        owners = self.ends.get(reading, ())
        if owner not in owners:
            self.ends[reading] = (*owners, owner)
        if len(words) == 1:
            self.alone.add(words[0])
        else:
            self.pairs.add((words[0], words[1]))

    def starts(self, words: Sequence[str], begin: int) -> list[int]:
        """Where a phrase without fillers may begin, from the word `begin` on."""
        heard = words[begin:] if begin else words
        found = []
        if not self.alone.isdisjoint(heard):
            found = [at for at, word in enumerate(heard, begin) if word in self.alone]
        if not self.pairs.isdisjoint(pairwise(heard)):
            found += [at for at, pair in enumerate(pairwise(heard), begin) if pair in self.pairs]
        return found

    def begun(self, words: Sequence[str], begin: int) -> list[int]:
        """Where a phrase begins, whatever follows."""
        return [at for at in range(begin, len(words)) if words[at] in self.goes_on or words[at] in self.alone]


class Phrases:
    """The phrases of a rule set. Built once; `find` may be called any number of times."""

    def __init__(self, phrases: Iterable[tuple[int, Phrase]]) -> None:
        trees: dict[int, _Tree] = {}
        self._reach = 0
        for rule, phrase in phrases:
            tree = trees.setdefault(phrase.gap, _Tree(phrase.gap))
            owner = rule, phrase.text
            for reading in phrase.readings:
                self._reach = max(self._reach, reading.count(" ") * (1 + 2 * phrase.gap))
                tree.add(reading, owner)
        self._trees = list(trees.values())

    def find(self, words: Sequence[str], since: int = 0) -> Iterator[Found]:
        """The phrases of which the last word has at least the index `since`, in normalised words."""
        begin = max(0, since - self._reach)
        for tree in self._trees:
            if tree.gap and has_fillers(words, begin):
                walks = (_with_gaps(words, at, tree) for at in tree.begun(words, begin))
            else:
                walks = (_exactly(words, at, tree) for at in dict.fromkeys(tree.starts(words, begin)))
            for walk in walks:
                yield from (found for found in walk if found.last >= since)


class Exceptions:
    """The phrases in which no rule finds anything. Built once."""

    def __init__(self, phrases: Iterable[Phrase] = ()) -> None:
        self._phrases = Phrases((0, phrase) for phrase in phrases)

    def spans(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """The first and last word of each in normalised words."""
        return [(found.first, found.last) for found in self._phrases.find(words)]


def within(first: int, last: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether these words lie within one of the stretches."""
    return any(begin <= first and last <= end for begin, end in spans)


def has_fillers(words: Sequence[str], begin: int = 0) -> bool:
    """Whether there is a filler or an unknown word from the word `begin` on."""
    heard = words[begin:]
    return not (FILLERS.isdisjoint(heard) and PAIRS.isdisjoint(pairwise(heard)))


def _exactly(words: Sequence[str], first: int, tree: _Tree) -> Iterator[Found]:
    at, said = first, words[first]
    while True:
        for owner in tree.ends.get(said, ()):
            yield Found(first, at, owner)
        at += 1
        if said not in tree.goes_on or at == len(words):
            return
        said = f"{said} {words[at]}"


def _with_gaps(words: Sequence[str], first: int, tree: _Tree) -> Iterator[Found]:
    """What is reached word by word; of several ways to the same phrase the one that ends first counts."""
    ways: dict[tuple[str, int], tuple[int, ...]] = {(words[first], first): ()}
    ended = set[str]()
    while ways:
        following: dict[tuple[str, int], tuple[int, ...]] = {}
        for (said, last), between in ways.items():
            if said in tree.ends and said not in ended:
                ended.add(said)
                yield from (Found(first, last, owner, between) for owner in tree.ends[said])
            if said in tree.goes_on:
                for at in _places(words, last + 1, tree.gap):
                    following.setdefault((f"{said} {words[at]}", at), (*between, *range(last + 1, at)))
        ways = following


def _places(words: Sequence[str], at: int, gap: int) -> Iterator[int]:
    """Where the next word of a phrase may stand: here, or after up to `gap` fillers."""
    for _ in range(gap + 1):
        if at >= len(words):
            return
        yield at
        if words[at] in FILLERS:
            at += 1
        elif tuple(words[at : at + 2]) in PAIRS:
            at += 2
        else:
            return
