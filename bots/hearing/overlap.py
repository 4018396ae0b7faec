"""Divides words between two utterances of which the second hears the end of the first again.

Where speech is cut without a pause, the word at the cut is lost to both sides. So the last moments before the cut are fed once more. Words
up to the middle of them are the first utterance's, the others the second's: each is heard with something on both sides of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from spacesctl.rules.rule_engine import Word

AGAIN: Final = 75
"""Ticks that are fed again: 1.5 s, as long as a phrase of rules mostly is."""
MISHEARD: Final = 2
"""Words at the beginning of what is heard again that may be pieces of one that began before."""


class Overlap:
    """The overlap of a lane's present utterance with the one before it. There is none after a pause."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=AGAIN)
        self._border = -1
        self._earlier: list[str] = []

    def fed(self, tick: int, pcm: bytes) -> None:
        """Keep a frame that was fed for the first time."""
        self._recent.append((tick, pcm))

    def begin(self, border: int, earlier: Sequence[Word]) -> list[tuple[int, bytes]]:
        """Begin an utterance whose words begin at the tick `border`, after the words of an `earlier` one: what is to be fed again."""
        again = list(self._recent)
        self._border = border
        self._earlier = [word.w for word in earlier if again and word.end_tick >= again[0][0]]
        return again

    def end(self) -> None:
        """The next utterance overlaps with none."""
        self._border, self._earlier = -1, []
        self._recent.clear()

    def own(self, words: Iterable[Word], border: int | None = None) -> tuple[Word, ...]:
        """The words of the present utterance, if the next one's begin at the tick `border`."""
        return tuple(
            word
            for word in words
            if 2 * self._border <= word.start_tick + word.end_tick
            and (border is None or word.start_tick + word.end_tick < 2 * border)
        )

    def without_earlier(self, text: str) -> str:
        """A partial text, whose words have no times, without those that the earlier utterance has."""
        words = text.split()
        for count in range(len(self._earlier), 0, -1):
            for at in range(min(MISHEARD, len(words)) + 1):
                if words[at : at + count] == self._earlier[-count:]:
                    return " ".join(words[at + count :])
        return text
