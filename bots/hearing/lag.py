"""How late a model knows a word, measured with the shipped clips. It need not understand them: the lag is that of whatever it hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bots import casts
from bots.hearing.recogniser import BYTES_PER_SECOND, RATE, Recogniser
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder
from spacesctl.domain.clock import TICKS_PER_SECOND

STEP_BYTES = BYTES_PER_SECOND // 10
"""What is fed at a time, as in a lane: 100 ms."""
LATE = 0.99


@dataclass(frozen=True)
class Lag:
    """Seconds of sound from the end of a word until a partial result has it: in the middle, and so that 99 of 100 words are sooner."""

    median: float
    late: float


def of_model(path: Path) -> Lag | None:
    """Load a model and measure it, which takes seconds. None when it hears no word in the clips. Raises ModelError."""
    from bots.hearing.engines import load

    return measured(load(path), sound())


def sound(seconds: float = 3600.0) -> bytes:
    """What the speakers of the first cast say, one after the other, or the first seconds of it: 16-bit, 16 kHz, mono."""
    parts = list[bytes]()
    for person in casts.load(casts.names()[0]).people:
        decoder = Decoder(RATE)
        for packet in read_packets(person.clip.read_bytes()):
            if len(parts) >= seconds * TICKS_PER_SECOND:
                break
            parts.append(decoder.decode(packet).tobytes())
    return b"".join(parts)


def measured(make: Callable[[], Recogniser], pcm: bytes) -> Lag | None:
    """Feed sound to a new recogniser, and compare when it first had each word with the time that its final result gives."""
    recogniser, lags, sights = make(), list[float](), list[float]()
    for at in range(0, len(pcm), STEP_BYTES):
        result = recogniser.feed(pcm[at : at + STEP_BYTES])
        now = min(len(pcm), at + STEP_BYTES) / BYTES_PER_SECOND
        if not result.final:
            sights += [now] * (len(result.text.split()) - len(sights))
            continue
        lags += [max(0.0, sight - word.end) for sight, word in zip(sights, result.words, strict=False)]
        sights = []
    if not lags:
        return None
    lags.sort()
    return Lag(round(lags[len(lags) // 2], 2), round(lags[int(LATE * (len(lags) - 1))], 2))
