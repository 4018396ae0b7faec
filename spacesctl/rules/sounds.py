"""Finds what sounds like a phrase of `sounds_like` in spoken words, however the recogniser has written it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from spacesctl.rules import phones
from spacesctl.rules.ruleset import Phrase, Rule

MOST_WORDS: Final = 12
"""Words that may stand for one phrase: a long word may be written as several short ones."""


class Alike(NamedTuple):
    """The words `first` to `last` sound like a phrase of the rule, but for `apart` sounds."""

    apart: int
    first: int
    last: int
    rule: int
    phrase: Phrase


class SoundsLike:
    """The phrases of all rules, in a table of their sounds: a stretch of words costs a few looks, however many phrases there are."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._entries = [
            (n, phrase, sounds)
            for n, rule in enumerate(rules)
            for phrase in rule.sounds
            for sounds in dict.fromkeys(phones.merged(phones.of_words(each)) for each in phrase.readings)
        ]
        self._near: dict[str, list[int]] = {}
        for at, (_, _, sounds) in enumerate(self._entries):
            for each in phones.with_one_less(sounds):
                self._near.setdefault(each, []).append(at)
        self._longest = max((len(sounds) for _, _, sounds in self._entries), default=0)

    def find(self, words: Sequence[str], since: int = 0) -> list[Alike]:
        """Those of which the last word has at least the index `since`, in normalised words. Of several for the same words and phrase that
        which is most alike, and then the shortest."""
        if not self._entries:
            return []
        kept = list[Alike]()
        for one in sorted(self._all(words, since), key=lambda each: (each.apart, each.last - each.first, each.first)):
            if not any(_is_same(one, other) for other in kept):
                kept.append(one)
        return kept

    def _all(self, words: Sequence[str], since: int) -> Iterator[Alike]:
        for first in range(max(0, since - MOST_WORDS), len(words)):
            said = ""
            for last in range(first, min(first + MOST_WORDS, len(words))):
                sounds = phones.of_word(words[last])
                said = phones.merged(said + sounds)
                if not sounds or len(said) > self._longest + 1:
                    break
                if last >= since:
                    yield from self._like(said, first, last)

    def _like(self, said: str, first: int, last: int) -> Iterator[Alike]:
        found: Iterable[int] = {at for each in phones.with_one_less(said) for at in self._near.get(each, ())}
        for at in found:
            rule, phrase, sounds = self._entries[at]
            if (apart := phones.apart(said, sounds)) <= 1:
                yield Alike(apart, first, last, rule, phrase)


def _is_same(one: Alike, other: Alike) -> bool:
    same = (one.rule, one.phrase.text) == (other.rule, other.phrase.text)
    return same and one.first <= other.last and other.first <= one.last
