"""How loud a frame sounds (ITU-R BS.1770, EBU R128), and the slow gain that brings every voice to the same loudness.

The K weighting is done on the spectrum of each frame: one transform, no filter state. The gain is learned from talk alone: pauses,
breath and the noise behind them are more than 10 LU below the voice and move nothing, so noise is never pumped up.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import FRAME, RATE, Pcm

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
_LINE: Final = np.linspace(0, 1, FRAME, dtype=np.float32)


def energy(pcm: Pcm) -> float:
    """The K-weighted mean square of a frame (`int16[960]`, 48 kHz mono), full scale being 1."""
    parts = np.fft.rfft(pcm.astype(np.float32)).view(np.float32)
    parts *= parts
    return float(np.dot(parts, _WEIGHTS))


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

    def run(self, pcm: Pcm, learn: bool = True) -> Pcm:
        """A frame (`int16[960]`) at the voice's gain. `learn` is False for what the voice did not say itself (concealment)."""
        before = self.gain
        if learn and self._learn(energy(pcm)):
            self._move()
        peak = max(int(pcm.max()), -int(pcm.min()))
        if peak * self.gain > PEAK and self.gain > 1:
            self.gain = max(1.0, PEAK / peak)
        if before == self.gain == 1.0:
            return pcm
        # Neither factor brings the peak above `PEAK`, unless it was there before: nothing needs to be clipped.
        first = min(before, max(1.0, PEAK / peak)) if peak and before > 1 else before
        curve = _LINE * np.float32(self.gain - first)
        curve += np.float32(first)
        curve *= pcm
        levelled: Pcm = np.rint(curve, out=curve).astype(np.int16)
        return levelled

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
