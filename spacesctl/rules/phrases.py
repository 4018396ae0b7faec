"""Finds phrases among spoken words: a tree of words, walked from each word that begins a phrase.

Most words begin none, so a large list costs hardly more than a small one. No walk is longer than the longest phrase, and the time grows
with the words alone. A phrase with a `gap` also takes fillers and unknown words between its own: so many at each place, and no other word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from spacesctl.rules.normalise import UNKNOWN
from spacesctl.rules.ruleset import Phrase

FILLERS: Final = frozenset(
    {"um", "uh", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "mhm", "oh", "huh", "like", "well", UNKNOWN}
)
PAIRS: Final = frozenset({("you", "know"), ("i", "mean"), ("sort", "of"), ("kind", "of")})
"""Fillers of two words, which count as one."""

Owner = tuple[int, str]
"""The index of a rule, and the phrase as the file says it."""


@dataclass(frozen=True)
class Found:
    """A phrase in the words `first` to `last`, but for the fillers `between`."""

    first: int
    last: int
    owner: Owner
    between: tuple[int, ...] = ()


class _Node:
    """What may follow some words: `nexts`, and which phrases have ended with them."""

    __slots__ = ("nexts", "owners")

    def __init__(self) -> None:
        self.nexts: dict[str, _Node] = {}
        self.owners: tuple[Owner, ...] = ()


_Way = tuple[_Node, int, tuple[int, ...]]
"""Where a walk is, its last word, and the fillers before it."""


class _Tree:
    """The phrases with one `gap`. Nearly all words are passed over by two looks into sets: `alone` are phrases of one word, `pairs` the
    first two words of the others."""

    def __init__(self, gap: int) -> None:
        self.gap = gap
        self.top = _Node()
        self.alone = set[str]()
        self.pairs = set[tuple[str, str]]()

    def add(self, words: Sequence[str], owner: Owner) -> None:
        here = self.top
        for word in words:
            following = here.nexts.get(word)
            if following is None:
                following = here.nexts[word] = _Node()
            here = following
        if owner not in here.owners:
            here.owners += (owner,)
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
        nexts = self.top.nexts
        return [at for at in range(begin, len(words)) if words[at] in nexts]


class Phrases:
    """The phrases of a rule set. Built once; `find` may be called any number of times."""

    def __init__(self, phrases: Iterable[tuple[int, Phrase]]) -> None:
        trees: dict[int, _Tree] = {}
        self._reach = 0
        for rule, phrase in phrases:
            tree = trees.setdefault(phrase.gap, _Tree(phrase.gap))
            for reading in phrase.readings:
                words = reading.split()
                self._reach = max(self._reach, (len(words) - 1) * (1 + 2 * phrase.gap))
                tree.add(words, (rule, phrase.text))
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
    at, here = first, tree.top.nexts[words[first]]
    while True:
        for owner in here.owners:
            yield Found(first, at, owner)
        at += 1
        following = here.nexts.get(words[at]) if at < len(words) else None
        if following is None:
            return
        here = following


def _with_gaps(words: Sequence[str], first: int, tree: _Tree) -> Iterator[Found]:
    """Each node that is reached, word by word; of several ways to it the one with the fewest words between comes first and counts."""
    ways: dict[tuple[int, int], _Way] = {(0, first): (tree.top.nexts[words[first]], first, ())}
    ended = set[int]()
    while ways:
        following: dict[tuple[int, int], _Way] = {}
        for here, last, between in ways.values():
            if here.owners and id(here) not in ended:
                ended.add(id(here))
                yield from (Found(first, last, owner, between) for owner in here.owners)
            for at in _places(words, last + 1, tree.gap):
                after = here.nexts.get(words[at])
                if after is not None:
                    following.setdefault((id(after), at), (after, at, (*between, *range(last + 1, at))))
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
