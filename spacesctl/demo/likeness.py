"""Measures how much of a known voice is in received sound, also while others talk. No I/O; sound is float32, 16 kHz mono.

All clips are known, so the received sound is the sum of gain x clip over the voices, plus the distortion of the codecs. Before a voice is
compared, the others are removed by least squares (a partial correlation); otherwise they could halve its likeness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16_000
Sound = npt.NDArray[np.float32]

_FAINT = 1e-9
"""Mean power below which sound is silence; full scale is 1."""
FLOOR_DB = -80.0
"""The lowest level that is reported."""
_CHANCE = 0.003
"""Share of a voice's energy that noise may match by chance: about 20 ms of ten seconds."""


@dataclass(frozen=True)
class Match:
    """Where a pattern begins in a sound, in samples, and its normalised cross-correlation there, 0 to 1."""

    at: int
    score: float


def find(heard: Sound, pattern: Sound, first: int, last: int) -> Match | None:
    """Where in `heard` the pattern most likely begins, between samples `first` and `last`; None when it does not fit there."""
    first, last = max(0, first), min(last, len(heard) - len(pattern))
    own = _energy(pattern)
    if last < first or not len(pattern) or own <= _FAINT * len(pattern):
        return None
    part = heard[first : last + len(pattern)].astype(np.float64)
    size = 1 << (len(part) + len(pattern)).bit_length()
    spectrum = np.fft.rfft(part, size) * np.conj(np.fft.rfft(pattern.astype(np.float64), size))
    products = np.fft.irfft(spectrum, size)[: last - first + 1]
    sums = np.concatenate(([0.0], np.cumsum(np.square(part))))
    energy = sums[len(pattern) :] - sums[: -len(pattern)]
    # In almost silent stretches a tiny energy would give a high score by chance.
    scores = products / np.sqrt(own * np.maximum(energy, 0.01 * own))
    best = int(np.argmax(scores))
    return Match(first + best, round(float(scores[best]), 4))


def score(heard: Sound, pattern: Sound, at: int) -> float:
    """The same correlation at one place; 0 where the pattern does not fit into the sound."""
    part = heard[max(0, at) : at + len(pattern)]
    scale = float(np.sqrt(_energy(part) * _energy(pattern)))
    if len(part) < len(pattern) or scale <= _FAINT * len(pattern):
        return 0.0
    return float(np.dot(part.astype(np.float64), pattern.astype(np.float64))) / scale


def likeness(heard: Sound, voice: Sound, others: Sequence[Sound]) -> float:
    """The correlation of a voice with received sound, after the others are removed from both: 1 is the unchanged voice, 0 is absent.

    All arrays cover the same samples. A voice that is silent here has likeness 0.
    """
    rest = _independent(others)
    sound, own = _without(heard, rest), _without(voice, rest)
    scale = float(np.sqrt(_energy(sound) * _energy(own)))
    if _energy(own) <= _FAINT * len(own) or scale <= 0.0:
        return 0.0
    return round(float(np.dot(sound, own)) / scale, 4)


def gain(heard: Sound, voice: Sound, others: Sequence[Sound]) -> float:
    """The factor of the voice in the received sound (least squares over all voices); 0 for a voice that is silent here."""
    own = _without(voice, _independent(others))
    energy = _energy(own)
    return float(np.dot(heard.astype(np.float64), own)) / energy if energy > _FAINT * len(own) else 0.0


def level_after(before: float, after: float) -> float:
    """The change of a voice's level from gain `before` to gain `after`, in dB; at least `FLOOR_DB`."""
    if before <= 0.0 or after == 0.0:
        return FLOOR_DB
    return round(max(FLOOR_DB, 20 * float(np.log10(abs(after) / before))), 1)


def fell_silent(heard: Sound, voice: Sound, others: Sequence[Sound], strength: float) -> int:
    """The sample after which a voice is no longer heard; 0 when it never was. `strength` is its gain until then.

    This is the most likely change point: up to it, `strength x voice` explains the rest of the sound better than silence does.
    A change within a pause of the voice cannot be seen; then the result is the end of the last sound before the pause.
    """
    rest = _without(heard, _independent(others))
    part = strength * voice.astype(np.float64)
    cost = np.cumsum(np.square(part) - 2 * part * rest)
    least = float(cost.min()) if len(cost) else 0.0
    return int(np.argmax(cost <= (1 - _CHANCE) * least)) + 1 if least < 0 else 0


def _energy(sound: npt.NDArray[np.floating]) -> float:
    return float(np.dot(sound.astype(np.float64), sound.astype(np.float64)))


def _independent(others: Sequence[Sound]) -> npt.NDArray[np.float64]:
    """The voices that are not silent here, as columns."""
    audible = [one.astype(np.float64) for one in others if _energy(one) > _FAINT * max(1, len(one))]
    return np.stack(audible, axis=1) if audible else np.zeros((0, 0))


def _without(sound: Sound, others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The part of a sound that no mixture of the others explains."""
    whole = sound.astype(np.float64)
    if not others.size:
        return whole
    weights, *_ = np.linalg.lstsq(others, whole, rcond=None)
    return np.asarray(whole - others @ weights, dtype=np.float64)
