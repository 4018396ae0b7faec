"""Word error rate: how much recognised text differs from what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Errors:
    """Edits that turn the words that were said into the recognised ones, and how many words were said."""

    substituted: int
    deleted: int
    inserted: int
    said: int

    @property
    def count(self) -> int:
        """All edits."""
        return self.substituted + self.deleted + self.inserted

    @property
    def rate(self) -> float:
        """Edits for each word that was said; may exceed 1. When nothing was said: 0, or 1 if words were recognised."""
        return self.count / self.said if self.said else float(bool(self.count))

    def __add__(self, other: Errors) -> Errors:
        """The sum over several texts, whose rate is all edits divided by all words (not the mean of the rates)."""
        return Errors(
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
            self.said + other.said,
        )


def word_errors(said: Sequence[str], heard: Sequence[str]) -> Errors:
    """The fewest edits between two word sequences (Levenshtein distance over words)."""
    above = [(n, 0, 0, n) for n in range(len(heard) + 1)]  # (edits, substituted, deleted, inserted)
    for row, word in enumerate(said, 1):
        line = [(row, 0, row, 0)]
        for column, other in enumerate(heard, 1):
            if word == other:
                line.append(above[column - 1])
                continue
            edits, subs, dels, ins = min(above[column - 1], above[column], line[-1], key=lambda each: each[0])
            if (edits, subs, dels, ins) == above[column - 1]:
                line.append((edits + 1, subs + 1, dels, ins))
            elif (edits, subs, dels, ins) == above[column]:
                line.append((edits + 1, subs, dels + 1, ins))
            else:
                line.append((edits + 1, subs, dels, ins + 1))
        above = line
    _, substituted, deleted, inserted = above[-1]
    return Errors(substituted, deleted, inserted, len(said))


def word_error_rate(said: str, heard: str) -> float:
    """The rate between two texts, with words split at white space and case ignored."""
    return word_errors(said.lower().split(), heard.lower().split()).rate
