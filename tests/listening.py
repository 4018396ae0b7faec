"""Voices that can be told apart, and how much of one is in what was heard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 48_000
PART = RATE // 2
"""Half a second: short enough that a skipped frame between two parts does not matter."""

Sound = npt.NDArray[np.int16]


def voice(seed: int, seconds: float = 5.0, peak: int = 9000) -> Sound:
    """A test voice (`int16`, 48 kHz mono): syllables of a gliding pitch with twenty harmonics and some breath.

    Never the same twice, and different for each seed. Not pure tones: a speech codec, which predicts from what came
    before, swings out of control on those when a packet is lost.
    """
    random = np.random.default_rng(seed)
    parts, length = [], 0
    while length < seconds * RATE:
        samples = int(random.integers(RATE // 12, RATE // 5))
        begin, end = random.uniform(90, 320, 2)
        phase = 2 * np.pi * np.cumsum(np.geomspace(begin, end, samples)) / RATE
        weights = random.uniform(0.1, 1, 20) / np.sqrt(np.arange(1, 21))
        turns = random.uniform(0, 6.28, 20)
        tones = sum(weights[n] * np.sin((n + 1) * phase + turns[n]) for n in range(20))
        breath = np.convolve(random.normal(0, 0.4, samples), np.ones(6) / 6, "same")
        syllable = (tones + breath) * np.sqrt(np.hanning(samples))
        parts.append(syllable / np.abs(syllable).max())
        length += samples
    return (np.concatenate(parts)[: int(seconds * RATE)] * peak).astype(np.int16)


def likeness(heard: Sound, said: Sound) -> float:
    """How much of `said` is in `heard`, 0 to 1, wherever it begins: 1 is the voice alone, 0.58 one of three as loud,
    each some 0.9 of that after the codec.

    The median over half-second parts of the best normalised cross-correlation at any lag. Codecs, a delay, a skipped frame
    and a loop do not matter; a voice that is not there stays below 0.2.
    """
    parts = [said[at : at + PART] for at in range(0, len(said) - PART + 1, PART)]
    if len(heard) < PART or not parts:
        return 0.0
    return float(np.median([_best(heard, part) for part in parts]))


def loudness(heard: Sound) -> float:
    """Root mean square, as a share of full scale."""
    return float(np.sqrt(np.mean(np.square(heard.astype(np.float64))))) / 32_768 if len(heard) else 0.0


def _best(heard: Sound, part: Sound) -> float:
    sound, pattern = heard.astype(np.float64), part.astype(np.float64)
    size = 1 << (len(sound) + len(pattern)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(pattern, size))
    products = np.fft.irfft(spectrum, size)[: len(sound) - len(pattern) + 1]
    sums = np.concatenate(([0.0], np.cumsum(np.square(sound))))
    energy = sums[len(pattern) :] - sums[: -len(pattern)]
    own = float(np.dot(pattern, pattern))
    # A stretch with hardly any sound would make a likeness out of nothing.
    floor = 0.01 * own
    return float(np.max(np.abs(products) / np.sqrt(own * np.maximum(energy, floor))))
