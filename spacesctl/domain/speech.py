"""What was said, and what was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A recognised word `w`, with its confidence (0 to 1) and its times in seconds on the Space clock."""

    w: str
    start: float
    end: float
    conf: float


@dataclass(frozen=True)
class TextMark:
    """What of a text is kept from the audience: runs of words (first and last number, from 0), or (`erased`) all of it."""

    words: tuple[tuple[int, int], ...] = ()
    erased: bool = False

    def covers(self, number: int) -> bool:
        """Whether a word is in one of the runs."""
        return any(first <= number <= last for first, last in self.words)
