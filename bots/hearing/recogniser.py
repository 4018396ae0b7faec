"""The interface to a speech engine: sound in, partial and final results out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from spacesctl.rules.normalise import UNKNOWN

RATE = 16_000
BYTES_PER_SECOND = 2 * RATE


@dataclass(frozen=True)
class HeardWord:
    """A recognised word. `start` and `end` are seconds of audio *fed* to this recogniser since it was made, or since `begin`; `confidence`
    is 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Result:
    """What was recognised since the last final result. A partial result may have a text but no `words`."""

    text: str
    words: tuple[HeardWord, ...]
    final: bool


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do: word times in partials, a confidence for each word, finding the ends of utterances by itself; and, `grammar`,
    judging which of a few phrases was said. Without `confidence` each word has 0: a rule that asks for one never acts."""

    partial_times: bool
    confidence: bool
    endpoints: bool
    grammar: bool = False


class Recogniser(Protocol):
    """Recognises one lane, for as long as the lane is open. Used by one thread at a time."""

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        ...

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        """Take more sound (16-bit little-endian, 16 kHz, mono). A partial result, or a final one when the engine ends the utterance.
        Without `partial` the text of a partial result is empty, which costs less."""
        ...

    def timed(self) -> tuple[HeardWord, ...]:
        """The first words since the last final result, as far as their times are settled already; the last of them may still be cut off.
        Costs more than `feed`. Empty when the engine has no `partial_times`."""
        ...

    def finish(self) -> Result:
        """End the utterance here: its final result. More sound may be fed afterwards."""
        ...

    def begin(self) -> None:
        """Be as if newly made: forget who was heard, and count seconds from here. What makes it faster may be kept."""
        ...

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        """Recognise a stretch of sound by itself, whatever was fed before, and with no effect on what is fed later. One to `most` texts,
        the likeliest first. With `among` only these phrases are considered, one after the other, and `[unk]` for anything else; an engine
        without `grammar` does not care."""
        ...

    def vocabulary(self) -> Collection[str]:
        """The words that it can emit. Empty: any."""
        ...


class ScriptedRecogniser:
    """A fake for tests: it recognises given words at given times.

    `script` holds words with their times in seconds of audio fed; a word is recognised as soon as its end has been fed.
    `pause` seconds without a word end an utterance. A word's times are settled `settled` seconds after its end.
    """

    capabilities = Capabilities(partial_times=True, confidence=True, endpoints=True, grammar=True)

    def __init__(self, script: Sequence[HeardWord], pause: float = 0.5, settled: float = 1000.0) -> None:
        self._script = list(script)
        self._pause = pause
        self._settled = settled
        self._said = 0
        self.fed = 0
        """Bytes of sound fed so far."""

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        self.fed += len(pcm)
        words = self._known()
        if words and self.fed / BYTES_PER_SECOND - words[-1].end >= self._pause:
            return self.finish()
        return Result(" ".join(word.text for word in words) if partial else "", (), final=False)

    def begin(self) -> None:
        self._said = self.fed = 0

    def timed(self) -> tuple[HeardWord, ...]:
        at = self.fed / BYTES_PER_SECOND
        return tuple(word for word in self._known() if word.end + self._settled <= at)

    def finish(self) -> Result:
        words = self._known()
        self._said += len(words)
        return Result(" ".join(word.text for word in words), tuple(words), final=True)

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        """The words of the script that end within so much sound; with `among`, those that are among them."""
        known = set(" ".join(among).split())
        said = [word.text for word in self._script if word.end <= len(pcm) / BYTES_PER_SECOND]
        return (" ".join(word if not among or word in known else UNKNOWN for word in said),)

    def vocabulary(self) -> Collection[str]:
        return {word.text for word in self._script}

    def _known(self) -> list[HeardWord]:
        at = self.fed / BYTES_PER_SECOND
        return [word for word in self._script[self._said :] if word.end <= at]
