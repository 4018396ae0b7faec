"""vosk as a `Recogniser`: open vocabulary, word times and confidences in final results, and in partial ones when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bots.hearing.recogniser import BYTES_PER_SECOND, RATE, Capabilities, HeardWord, Recogniser, Result
from bots.models import ModelError, vocabulary
from spacesctl.rules.normalise import UNKNOWN

CAPABILITIES = Capabilities(partial_times=True, confidence=True, endpoints=True, grammar=True)


def load(path: Path) -> Callable[[], Recogniser]:
    """Load a model once; the function returned makes a recogniser for each lane. Raises ModelError.

    It is loaded by its path, since vosk downloads models that are named. Some broken models make Kaldi abort the process.
    """
    import vosk

    vosk.SetLogLevel(-1)
    try:
        model = vosk.Model(model_path=str(path))
    except Exception as error:  # vosk raises nothing narrower
        raise ModelError(f"vosk cannot load the model in {path}") from error

    def make(*grammar: str) -> Any:
        return vosk.KaldiRecognizer(model, float(RATE), *grammar)

    return lambda: VoskRecogniser(make, cache(lambda: vocabulary(path)))


class VoskRecogniser:
    """One `KaldiRecognizer` that `make` makes. Its word times do not start again with an utterance: they are seconds of all sound that it
    was fed."""

    capabilities = CAPABILITIES

    def __init__(self, make: Callable[..., Any], words: Callable[[], Collection[str]]) -> None:
        self._make = make
        self._listed = words
        self._kaldi = make()
        self._kaldi.SetWords(True)
        self._fed = 0
        self._from = 0.0

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        self._fed += len(pcm)
        if self._kaldi.AcceptWaveform(pcm):
            return self._final()
        if not partial:
            return Result("", (), final=False)
        return Result(json.loads(self._kaldi.PartialResult())["partial"], (), final=False)

    def timed(self) -> tuple[HeardWord, ...]:
        # Switched on for one call: with it each partial costs ten times as much. What is recognised is the same.
        self._kaldi.SetPartialWords(True)
        found = json.loads(self._kaldi.PartialResult())
        self._kaldi.SetPartialWords(False)
        return self._words(found.get("partial_result", []))

    def finish(self) -> Result:
        return self._final()

    def _final(self) -> Result:
        # Not `FinalResult`: it flushes the features, so that the next word is recognised less well.
        found = json.loads(self._kaldi.Result() or "{}")
        return Result(found.get("text", ""), self._words(found.get("result", [])), final=True)

    def begin(self) -> None:
        # After it vosk begins with new features and a new adaptation to the voice, and keeps the part of the graph that it has searched.
        self._kaldi.FinalResult()
        self._from = self._fed / BYTES_PER_SECOND

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        # A model with a fixed graph takes no grammar: vosk says so on stderr, if it may, and recognises as always.
        kaldi = self._make(*([json.dumps([*among, UNKNOWN])] if among else []))
        kaldi.SetMaxAlternatives(most if most > 1 else 0)
        kaldi.AcceptWaveform(pcm)  # all at once: so no pause in it ends an utterance
        found = json.loads(kaldi.FinalResult())
        return tuple(each["text"].strip() for each in found.get("alternatives", [found]))

    def vocabulary(self) -> Collection[str]:
        return self._listed()

    def _words(self, found: list[dict[str, Any]]) -> tuple[HeardWord, ...]:
        return tuple(
            HeardWord(each["word"], each["start"] - self._from, each["end"] - self._from, each["conf"])
            for each in found
        )
