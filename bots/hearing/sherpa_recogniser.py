"""A streaming transducer of sherpa-onnx as a `Recogniser`: any words, with the times at which their pieces were emitted, and no confidence.

It needs `pip install 'spacesctl[sherpa]'`. Such a model emits pieces of words, so there is no list of words that it knows, and a word may
still grow in a partial result. For each piece it gives a log-probability, which is no confidence: nobody has held it against being right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from bots.hearing.recogniser import BYTES_PER_SECOND, RATE, Capabilities, HeardWord, Recogniser, Result
from bots.models import ModelError
from spacesctl.models.layout import PARTS, network

CAPABILITIES = Capabilities(partial_times=True, confidence=False, endpoints=True)
THREADS: Final = 1
"""Of the runtime: with more it would start some when a model is loaded, and recognisers are forked from that process."""
PAUSE: Final = 0.8
"""Seconds of silence after words at which the engine ends an utterance; the lane's own activity mostly ends it sooner."""
LAST_PIECE: Final = 0.2
"""Seconds from the time of a word's last piece to its end. Only beginnings are known."""
UNSURE: Final = 0.0
"""The confidence of each word: none is known, and a rule that asks for one is not to act."""
_TAIL: Final = bytes(BYTES_PER_SECOND // 2)
"""Silence after the end of an utterance: the network hears some tenths of a second before it says anything."""
_BORDER: Final = " \u2581"
"""What a piece begins with that begins a word."""
_WHOLE: Final = "\u2e80"
"""From this letter on each piece is a word: Chinese, Japanese and Korean."""


class Stream(Protocol):
    """One `OnlineStream`."""

    def accept_waveform(self, sample_rate: float, waveform: NDArray[np.float32]) -> None: ...
    def input_finished(self) -> None: ...


class Found(Protocol):
    """The part of an `OnlineRecognizerResult` that is used. Times are seconds since the stream began."""

    @property
    def tokens(self) -> Sequence[str]: ...
    @property
    def timestamps(self) -> Sequence[float]: ...


S = TypeVar("S", bound=Stream)


class Engine(Protocol[S]):
    """The part of an `OnlineRecognizer` that is used."""

    def create_stream(self) -> S: ...
    def is_ready(self, s: S) -> bool: ...
    def decode_stream(self, s: S) -> None: ...
    def is_endpoint(self, s: S) -> bool: ...
    def get_result_all(self, s: S) -> Found: ...


def load(path: Path) -> Callable[[], Recogniser]:
    """Load a model once; the function returned makes a recogniser for each lane. Raises ModelError."""
    try:
        import sherpa_onnx
    except ImportError as error:
        raise ModelError(
            f"the model in {path} needs sherpa-onnx; install it with `pip install 'spacesctl[sherpa]'`"
        ) from error
    files = {part: str(found) for part in PARTS if (found := network(path, part)) is not None}
    try:
        engine: Engine[Stream] = sherpa_onnx.OnlineRecognizer.from_transducer(
            tokens=str(path / "tokens.txt"),
            num_threads=THREADS,
            sample_rate=RATE,
            enable_endpoint_detection=True,
            rule2_min_trailing_silence=PAUSE,
            decoding_method="greedy_search",
            provider="cpu",
            **files,
        )
    except Exception as error:  # it raises RuntimeError, AssertionError and others
        raise ModelError(f"sherpa-onnx cannot load the model in {path}") from error
    return lambda: SherpaRecogniser(engine)


@dataclass(frozen=True)
class _Piece:
    """A word that has these pieces, with the times of the first and the last."""

    text: str
    first: float
    last: float


class SherpaRecogniser(Generic[S]):
    """One stream for each utterance: what was said before it is forgotten."""

    capabilities = CAPABILITIES

    def __init__(self, engine: Engine[S]) -> None:
        self._engine = engine
        self._stream = engine.create_stream()
        self._fed = 0
        self._began = 0
        """Bytes that were fed before the present stream."""

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        self._fed += len(pcm)
        self._hear(self._stream, pcm)
        if self._engine.is_endpoint(self._stream):
            return self.finish()
        words = self._words() if partial else ()
        return Result(_text(words), (), final=False)

    def timed(self) -> tuple[HeardWord, ...]:
        return self._words()

    def finish(self) -> Result:
        self._hear(self._stream, _TAIL)
        self._stream.input_finished()
        self._decode(self._stream)
        words = self._words()
        self._stream, self._began = self._engine.create_stream(), self._fed
        return Result(_text(words), words, final=True)

    def begin(self) -> None:
        self._stream, self._fed, self._began = self._engine.create_stream(), 0, 0

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        stream = self._engine.create_stream()
        self._hear(stream, pcm + _TAIL)
        stream.input_finished()
        self._decode(stream)
        return (" ".join(piece.text for piece in _pieces(self._engine.get_result_all(stream))),)

    def vocabulary(self) -> Collection[str]:
        return ()

    def _hear(self, stream: S, pcm: bytes) -> None:
        stream.accept_waveform(RATE, np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768))
        self._decode(stream)

    def _decode(self, stream: S) -> None:
        while self._engine.is_ready(stream):
            self._engine.decode_stream(stream)

    def _words(self) -> tuple[HeardWord, ...]:
        pieces = _pieces(self._engine.get_result_all(self._stream))
        begin, now = self._began / BYTES_PER_SECOND, self._fed / BYTES_PER_SECOND
        following = [piece.first for piece in pieces[1:]] + [float("inf")]
        return tuple(
            HeardWord(
                one.text, min(now, begin + one.first), min(now, begin + min(one.last + LAST_PIECE, after)), UNSURE
            )
            for one, after in zip(pieces, following, strict=False)
        )


def _pieces(found: Found) -> list[_Piece]:
    words = list[_Piece]()
    is_new = True
    for token, at in zip(found.tokens, found.timestamps, strict=False):
        text = token.lstrip(_BORDER).casefold()
        is_new = is_new or token[:1] in _BORDER or text[:1] >= _WHOLE
        if not text:
            continue
        if is_new:
            words.append(_Piece(text, at, at))
        else:
            words[-1] = replace(words[-1], text=words[-1].text + text, last=at)
        is_new = False
    return words


def _text(words: Sequence[HeardWord]) -> str:
    return " ".join(word.text for word in words)
