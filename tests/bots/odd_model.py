"""`python -m tests.bots.odd_model KIND`: a model process whose recognisers do what real ones do seldom.

What they hear is the sound itself: a frame of silence is a word with the number of its call.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence

from bots.hearing import entry
from bots.hearing.recogniser import BYTES_PER_SECOND, Capabilities, HeardWord, Result


class Odd:
    """Recognises one word in each call, until it does what it is made for."""

    capabilities = Capabilities(partial_times=False, confidence=True, endpoints=False)

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._calls = 0
        self._fed = 0.0
        self._words: list[HeardWord] = []
        self._more: list[bytearray] = []

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        begin, self._fed = self._fed, self._fed + len(pcm) / BYTES_PER_SECOND
        self._calls += 1
        self._words.append(HeardWord("w", begin, self._fed, 1.0))
        match self._kind:
            case "long calls" if self._calls == 10:
                until = time.thread_time() + 0.6
                while time.thread_time() < until:
                    pass
            case "dies" if self._calls == 10:
                os.abort()
            case "dies at once":
                os.abort()
            case "stops" if self._calls == 10:
                os.kill(os.getpid(), signal.SIGSTOP)
            case "grows":
                self._more.append(bytearray(b"x" * (1 << 20)))
        return Result(" ".join(word.text for word in self._words), (), final=False)

    def timed(self) -> tuple[HeardWord, ...]:
        return ()

    def finish(self) -> Result:
        words, self._words = self._words, []
        return Result(" ".join(word.text for word in words), tuple(words), final=True)

    def begin(self) -> None:
        self._calls, self._fed, self._words, self._more = 0, 0.0, [], []

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        return ("",)

    def vocabulary(self) -> Sequence[str]:
        return ()


class Spared(Odd):
    """One that does it only after the warm-up."""

    def __init__(self, kind: str) -> None:
        super().__init__("")
        self._later = kind

    def begin(self) -> None:
        super().begin()
        self._kind = self._later


if __name__ == "__main__":
    sys.exit(entry.serve(lambda: lambda: Spared(sys.argv[1])))
