"""The seam to a speech engine: bytes in, partial and final results out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

RATE = 16_000
BYTES_PER_SECOND = 2 * RATE


@dataclass(frozen=True)
class HeardWord:
    """`start` and `end` in seconds of audio *fed* to this recogniser since it was made; `confidence` from 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Result:
    """What was understood since the last final one. A partial may have no `words`: then only its text is known."""

    text: str
    words: tuple[HeardWord, ...]
    final: bool


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do: word times in partials, a confidence for each word, ending utterances by itself."""

    partial_times: bool
    confidence: bool
    endpoints: bool


class Recogniser(Protocol):
    """One lane's ears. Used by one thread at a time, kept as long as the lane."""

    @property
    def capabilities(self) -> Capabilities: ...

    def feed(self, pcm: bytes) -> Result:
        """More sound (16-bit little-endian, 16 kHz, mono): the partial so far, or a final when the engine ends the utterance."""
        ...

    def finish(self) -> Result:
        """End the utterance here, whatever the engine thinks: its final. More may be fed afterwards."""
        ...


class ScriptedRecogniser:
    """Says what it was told to, at the times it was told: for tests.

    `script` holds words with their times in seconds of audio fed; a word is known as soon as its end has been fed.
    `pause` seconds without a word end an utterance.
    """

    capabilities = Capabilities(partial_times=False, confidence=True, endpoints=True)

    def __init__(self, script: Sequence[HeardWord], pause: float = 0.5) -> None:
        self._script = list(script)
        self._pause = pause
        self._said = 0
        self.fed = 0
        """Bytes so far."""

    def feed(self, pcm: bytes) -> Result:
        self.fed += len(pcm)
        words = self._known()
        if words and self.fed / BYTES_PER_SECOND - words[-1].end >= self._pause:
            return self.finish()
        return Result(" ".join(word.text for word in words), (), final=False)

    def finish(self) -> Result:
        words = self._known()
        self._said += len(words)
        return Result(" ".join(word.text for word in words), tuple(words), final=True)

    def _known(self) -> list[HeardWord]:
        at = self.fed / BYTES_PER_SECOND
        return [word for word in self._script[self._said :] if word.end <= at]
