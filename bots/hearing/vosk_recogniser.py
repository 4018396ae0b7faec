"""vosk behind the `Recogniser` seam: open vocabulary, word times and confidences in finals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bots.hearing.recogniser import RATE, Capabilities, HeardWord, Recogniser, Result
from bots.models import ModelError

_CAPABILITIES = Capabilities(partial_times=False, confidence=True, endpoints=True)


def load(path: Path) -> Callable[[], Recogniser]:
    """Load a model once; the answer makes as many recognisers of it as there are lanes. Raises ModelError.

    Always by path: by name vosk would download. Some broken models make Kaldi abort the process instead of raising.
    """
    import vosk

    vosk.SetLogLevel(-1)
    try:
        model = vosk.Model(model_path=str(path))
    except Exception as error:  # vosk raises nothing narrower
        raise ModelError(f"vosk cannot load the model in {path}") from error
    return lambda: VoskRecogniser(vosk.KaldiRecognizer(model, float(RATE)))


class VoskRecogniser:
    """One `KaldiRecognizer`. Its word times go on over utterances, so they are seconds since it was made."""

    capabilities = _CAPABILITIES

    def __init__(self, kaldi: Any) -> None:
        self._kaldi = kaldi
        self._kaldi.SetWords(True)

    def feed(self, pcm: bytes) -> Result:
        if self._kaldi.AcceptWaveform(pcm):
            return self._final()
        return Result(json.loads(self._kaldi.PartialResult())["partial"], (), final=False)

    def finish(self) -> Result:
        return self._final()

    def _final(self) -> Result:
        # `Result`, never `FinalResult`: that one flushes the features and begins the sound anew, and a word after it suffers.
        found = json.loads(self._kaldi.Result() or "{}")
        words = (HeardWord(each["word"], each["start"], each["end"], each["conf"]) for each in found.get("result", []))
        return Result(found.get("text", ""), tuple(words), final=True)
