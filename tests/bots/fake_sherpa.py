"""The part of `sherpa_onnx` that is used, without a network: it "hears" the words of a script at their times, in pieces as the real one.

A stream that has heard `LOOKS_AHEAD` seconds after a piece emits it; nothing it has emitted changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from bots.hearing.recogniser import RATE, HeardWord

LOOKS_AHEAD = 0.3
FRAME = 0.04
"""Seconds: times are multiples of it."""

Pieces = tuple[tuple[str, float], ...]
"""Tokens with their times."""


@dataclass(frozen=True)
class Result:
    tokens: list[str]
    timestamps: list[float]
    text: str


@dataclass
class Stream:
    """Knows by its samples where in the script it is: they carry the time at which they are said."""

    heard: list[np.ndarray] = field(default_factory=list)
    finished: bool = False
    emitted: int = 0

    def accept_waveform(self, sample_rate: float, waveform: np.ndarray) -> None:
        assert sample_rate == RATE
        assert waveform.dtype == np.float32
        assert not len(waveform) or np.abs(waveform).max() <= 1
        assert not self.finished, "the real one ends here"
        self.heard.append(waveform)

    def input_finished(self) -> None:
        self.finished = True

    @property
    def seconds(self) -> float:
        return sum(map(len, self.heard)) / RATE


class OnlineRecognizer:
    """Hears the script in each stream from its first word that the stream's sound has."""

    script: Sequence[HeardWord] = ()
    """What is said, by the seconds of the sound: the n-th sample that is not silent is that of second n / RATE."""
    pause = 0.8
    broken = False
    made: ClassVar[dict[str, object]] = {}

    @classmethod
    def from_transducer(cls, **options: object) -> Self:
        if cls.broken:
            raise RuntimeError("no such file")
        for part in ("tokens", "encoder", "decoder", "joiner"):
            assert Path(str(options[part])).is_file()
        cls.made = options
        return cls()

    def create_stream(self) -> Stream:
        return Stream()

    def is_ready(self, s: Stream) -> bool:
        return s.emitted < len(self._due(s))

    def decode_stream(self, s: Stream) -> None:
        s.emitted += 1

    def is_endpoint(self, s: Stream) -> bool:
        due = self._due(s)
        return bool(due) and s.seconds - due[-1][1] > self.pause + LOOKS_AHEAD

    def get_result_all(self, s: Stream) -> Result:
        due = self._due(s)[: s.emitted]
        tokens = [token for token, _ in due]
        return Result(tokens, [at for _, at in due], "".join(tokens).strip())

    def _due(self, s: Stream) -> list[tuple[str, float]]:
        """The pieces that it may have by now; times since the stream began."""
        sound = np.concatenate(s.heard) if s.heard else np.zeros(0, np.float32)
        (audible,) = np.nonzero(sound)
        if not len(audible):
            return []
        shift = audible[0] / RATE - time_of(sound[audible[0]])
        limit = s.seconds - (0.0 if s.finished else LOOKS_AHEAD)
        last = time_of(sound[audible[-1]])
        return [
            (token, float(at + shift))
            for word in self.script
            if word.end <= last + FRAME
            for token, at in pieces(word)
            if 0 <= at + shift <= limit
        ]


def pieces(word: HeardWord) -> Pieces:
    """A word in two pieces, the first with the mark of a border, in capitals as models of books have it."""
    half = max(1, len(word.text) // 2)
    middle = word.start + (word.end - word.start) / 2
    text = word.text.upper()
    found = ((f" {text[:half]}", word.start), (text[half:], middle))
    return tuple((token, round(at / FRAME) * FRAME) for token, at in found if token.strip())


def time_of(sample: float) -> float:
    """The second that a sample of `sounding` carries."""
    return round(float(sample) * 32768) / 1000


def sounding(begin: float, end: float) -> bytes:
    """Sound in which each sample carries its second, in thousandths: 16-bit, 16 kHz; up to 32 s."""
    at = np.arange(round(begin * RATE), round(end * RATE)) / RATE
    return np.maximum(1, np.round(at * 1000)).astype(np.int16).tobytes()
