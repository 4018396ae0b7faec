"""How loud a frame sounds (ITU-R BS.1770, EBU R128), and the slow gain that brings every voice to the same loudness.

The K weighting is done on the spectrum of each frame: one transform, no filter state. The gain is learned from talk alone: pauses,
breath and the noise behind them are more than 10 LU below the voice and move nothing, so noise is never pumped up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import FRAME, RATE, Pcm

Sound = npt.NDArray[np.float32]

TARGET: Final = -23.0
"""LUFS of every voice: what R128 asks of broadcasts, so that three at once are below the limiter, and ten do not live in it."""
MOST: Final = 24.0
"""dB that a quiet voice is raised at most: its noise comes up with it."""
LEAST: Final = -24.0
SILENT: Final = -70.0
"""LUFS below which nothing is measured (R128's absolute gate)."""
GATE: Final = 10.0
"""LU below the voice so far from which a frame is no talk (R128's relative gate)."""
GATE_OPENS: Final = 0.05
"""LU by which the gate gives way for each active frame that it kept out: who steps away from the microphone is heard again."""
FRAMES: Final = 200
"""Frames of talk over which loudness is averaged: 4 s."""
FEW: Final = 10
"""Frames of talk before anything moves: 200 ms."""
LEARNING: Final = 100
"""Frames of talk in which the gain still moves fast: the first 2 s."""
FAST: Final = 0.5
"""dB a frame while learning: 25 dB a second."""
RISE: Final = 0.06
"""dB a frame: 3 dB a second."""
FALL: Final = 0.2
"""dB a frame: 10 dB a second."""
PEAK: Final = 29_000
"""What a gain may raise a frame's peak to."""

_SHELF: Final = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""The two filters of BS.1770-4 at 48 kHz: numerator and denominator."""


def _weights() -> npt.NDArray[np.float32]:
    """What the energy of each line of a frame's spectrum counts, so that the sum is the weighted mean square."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(FRAME, 1 / RATE) / RATE)
    power = np.ones(len(turn))
    for above, below in (_SHELF, _HIGH_PASS):
        response = np.polynomial.polynomial.polyval(turn, above) / np.polynomial.polynomial.polyval(turn, below)
        power *= np.abs(response) ** 2
    power[1:-1] *= 2  # the negative frequencies
    return np.repeat(
        np.asarray(power / (FRAME * 32_768.0) ** 2, np.float32), 2
    )  # once for each part of a complex number


_WEIGHTS: Final = _weights()
_LINES: Final = np.stack((np.linspace(1, 0, FRAME, dtype=np.float32), np.linspace(0, 1, FRAME, dtype=np.float32)))
"""What the gain at either end of a frame counts at each of its samples."""


def energies(sound: Sound) -> list[float]:
    """The K-weighted mean square of each frame (`float32[n, 960]`, 48 kHz mono, in the units of int16), full scale being 1."""
    parts = np.fft.rfft(sound).view(np.float32)
    parts *= parts
    found: list[float] = np.dot(parts, _WEIGHTS).tolist()
    return found


def lufs(mean_square: float) -> float:
    """Energy to LUFS; silence is -inf."""
    return -0.691 + 10 * math.log10(mean_square) if mean_square > 0 else -math.inf


class Leveller:
    """The gain of one voice. `gain` is a factor; 1 until something was learned."""

    def __init__(self) -> None:
        self.gain = 1.0
        self._mean = 0.0
        self._heard = 0
        self._kept_out = 0

    def step(self, peak: float, mean_square: float | None = None) -> tuple[float, float]:
        """The gains at the two ends of a frame with this `peak`; its `mean_square` is None when it teaches nothing: the voice did not
        say it itself (concealment)."""
        before = self.gain
        if mean_square is not None and self._learn(mean_square):
            self._move()
        if peak * self.gain > PEAK and self.gain > 1:
            self.gain = max(1.0, PEAK / peak)
        # Neither factor brings the peak above `PEAK`, unless it was there before: nothing needs to be clipped.
        first = min(before, max(1.0, PEAK / peak)) if peak and before > 1 else before
        return first, self.gain

    def _learn(self, mean_square: float) -> bool:
        """Whether the frame was talk, and what is known of the voice changed."""
        loudness = lufs(mean_square)
        if loudness < SILENT or (self._heard and loudness < lufs(self._mean) - GATE - self._kept_out * GATE_OPENS):
            self._kept_out += loudness >= SILENT
            return False
        if self._kept_out * GATE_OPENS > GATE:  # another distance, or another person: what was known is no help
            self._heard = 0
        self._kept_out = 0
        self._heard += 1
        self._mean += (mean_square - self._mean) / min(self._heard, FRAMES)
        return self._heard >= FEW

    def _move(self) -> None:
        wanted = min(MOST, max(LEAST, TARGET - lufs(self._mean)))
        have = 20 * math.log10(self.gain)
        fast = FAST if self._heard < LEARNING else 0.0
        moved = have + min(max(RISE, fast), max(-max(FALL, fast), wanted - have))
        self.gain = 10 ** (moved / 20)


class Channel(NamedTuple):
    """A frame to be levelled (`int16[960]`); `learn` is False for what the voice did not say itself."""

    pcm: Pcm
    leveller: Leveller
    learn: bool = True


class LoudnessBank:
    """Levels all voices of a tick at once: a call of numpy costs as much for one of them as for ten. Buffers are kept."""

    def __init__(self) -> None:
        self._sound, self._curve, self._out = _rows(0)

    def run(self, voices: Sequence[Channel]) -> Pcm:
        """The frames at their voices' gains, a row each: `int16[n, 960]`, valid until the next call."""
        count = len(voices)
        if count > len(self._out):
            self._sound, self._curve, self._out = _rows(count)
        sound, curve, out = self._sound[:count], self._curve[:count], self._out[:count]
        for row, voice in zip(sound, voices, strict=True):
            row[:] = voice.pcm
        ends = self._ends(voices, sound, curve)
        np.dot(np.array(ends, np.float32).reshape(-1, 2), _LINES, out=curve)
        curve *= sound
        np.rint(curve, out=curve)
        np.copyto(out, curve, casting="unsafe")
        return out

    def _ends(self, voices: Sequence[Channel], sound: Sound, scratch: Sound) -> list[tuple[float, float]]:
        peaks: list[float] = np.abs(sound, out=scratch).max(axis=1, initial=0).tolist()
        teach = energies(sound) if any(voice.learn for voice in voices) else peaks
        return [
            voice.leveller.step(peak, mean_square if voice.learn else None)
            for voice, peak, mean_square in zip(voices, peaks, teach, strict=True)
        ]


def _rows(count: int) -> tuple[Sound, Sound, Pcm]:
    shape = (count, FRAME)
    return np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.int16)
