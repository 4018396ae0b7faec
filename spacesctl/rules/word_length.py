"""How long spoken words last: a bound for each word of a hit. What a recogniser makes up is often shorter than anybody speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from spacesctl.rules.facts import SIGNS, Sign

PATTERN: Final = re.compile(r"(>=|>|<=|<)\s*(\d{1,5})")
MOST_MS: Final = 60_000
"""More than anybody takes for a word."""


class Timed(Protocol):
    """A recognised word; its times are in seconds."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


@dataclass(frozen=True)
class WordMs:
    """A bound on the length of each word, in milliseconds."""

    sign: Sign
    ms: int

    def holds(self, words: Iterable[Timed]) -> bool:
        """Whether all of these words keep it."""
        return all(self._is_kept(round(1000 * (word.end - word.start))) for word in words)

    def _is_kept(self, ms: int) -> bool:
        match self.sign:
            case ">=":
                return ms >= self.ms
            case ">":
                return ms > self.ms
            case "<=":
                return ms <= self.ms
            case "<":
                return ms < self.ms

    def __str__(self) -> str:
        return f"{self.sign}{self.ms}"

    def sentence(self) -> str:
        """In plain words."""
        return f"{SIGNS[self.sign]} {self.ms} ms"


def keep(bounds: Iterable[WordMs], words: Iterable[Timed]) -> bool:
    """Whether words keep all bounds."""
    said = list(words)
    return all(bound.holds(said) for bound in bounds)
