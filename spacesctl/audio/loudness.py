"""Measures how loud a frame sounds (ITU-R BS.1770, EBU R128), and brings every channel to the same loudness with a slow gain.

The K weighting is applied to the spectrum of each frame: one transform, no filter state. The gain is learned only from talk: pauses,
breath and background noise are more than 10 LU below the voice and are ignored, so noise is not raised in pauses.
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
"""LUFS that every channel is brought to, as R128 recommends for broadcasts. Three speakers at once then stay below the limiter, and ten do
not keep it active all the time."""
MOST: Final = 24.0
"""The highest gain in dB. It is bounded because noise is raised with the voice."""
LEAST: Final = -24.0
"""The lowest gain in dB."""
SILENT: Final = -70.0
"""LUFS below which a frame is ignored (R128's absolute gate)."""
GATE: Final = 10.0
"""LU. A frame that is more than this below the channel's mean loudness is not talk and is ignored (R128's relative gate)."""
GATE_OPENS: Final = 0.05
"""LU by which the relative gate is lowered for each frame that it ignored, so that the gain adapts when a speaker moves away from the
microphone."""
FRAMES: Final = 200
"""Frames of talk over which loudness is averaged: 4 s."""
FEW: Final = 10
"""Frames of talk before the gain changes: 200 ms."""
LEARNING: Final = 100
"""Frames of talk in which the gain changes fast: the first 2 s."""
FAST: Final = 0.5
"""dB per frame at which the gain rises or falls while learning: 25 dB a second."""
RISE: Final = 0.06
"""dB per frame at which the gain rises later: 3 dB a second."""
FALL: Final = 0.2
"""dB per frame at which the gain falls later: 10 dB a second."""
FULL: Final = 32_700
"""The sample value from which a frame's peak counts as full scale: what clips comes out of Opus at 32,767, or a few below."""
PEAK: Final = 29_000
"""The sample value that a gain above 1 must not raise a frame's peak beyond."""

_SHELF: Final = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""The two filters of BS.1770-4 at 48 kHz: numerator and denominator."""


def _weights() -> npt.NDArray[np.float32]:
    """The weight of each spectral line's energy, so that the sum over a frame is the K-weighted mean square."""
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
"""The weights of the gains at the two ends of a frame at each of its samples, for linear interpolation."""


def energies(sound: Sound) -> list[float]:
    """The K-weighted mean square of each frame (`sound: float32[n, 960]`, 48 kHz mono, in units of int16); full scale is 1."""
    parts = np.fft.rfft(sound).view(np.float32)
    parts *= parts
    found: list[float] = np.dot(parts, _WEIGHTS).tolist()
    return found


def lufs(mean_square: float) -> float:
    """The loudness in LUFS of a K-weighted mean square (full scale is 1); silence is -inf."""
    return -0.691 + 10 * math.log10(mean_square) if mean_square > 0 else -math.inf


class Leveller:
    """The loudness gain of one channel. `gain` is a factor, 1 until enough talk was measured."""

    def __init__(self) -> None:
        self.gain = 1.0
        self.clipped = 0
        """Frames of talk so far that reached full scale."""
        self._mean = 0.0
        self._heard = 0
        self._kept_out = 0

    def step(self, peak: float, mean_square: float | None = None) -> tuple[float, float]:
        """The gain factors at the two ends of a frame with this `peak` (sample value). `mean_square` is None for a frame to learn nothing
        from, such as concealment."""
        before = self.gain
        self.clipped += peak >= FULL and mean_square is not None
        if mean_square is not None and self._learn(mean_square):
            self._move()
        if peak * self.gain > PEAK and self.gain > 1:
            self.gain = max(1.0, PEAK / peak)
        # Neither factor raises the peak above `PEAK`, so nothing needs to be clipped.
        first = min(before, max(1.0, PEAK / peak)) if peak and before > 1 else before
        return first, self.gain

    def _learn(self, mean_square: float) -> bool:
        """Update the mean loudness. Returns whether the frame was talk and enough talk was measured to change the gain."""
        loudness = lufs(mean_square)
        if loudness < SILENT or (self._heard and loudness < lufs(self._mean) - GATE - self._kept_out * GATE_OPENS):
            self._kept_out += loudness >= SILENT
            return False
        if self._kept_out * GATE_OPENS > GATE:  # another distance or person: start over
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
    """A lane's frame to be levelled (`pcm: int16[960]`). `learn` is False for concealment and comfort noise."""

    pcm: Pcm
    leveller: Leveller
    learn: bool = True


class LoudnessBank:
    """Levels all channels of a tick together, because a numpy call costs as much for one as for ten. Its buffers are kept."""

    def __init__(self) -> None:
        self._sound, self._curve, self._out = _rows(0)

    def run(self, channels: Sequence[Channel]) -> Pcm:
        """The channels' frames with their gains applied, one row each: `int16[n, 960]`, valid until the next call."""
        count = len(channels)
        if count > len(self._out):
            self._sound, self._curve, self._out = _rows(count)
        sound, curve, out = self._sound[:count], self._curve[:count], self._out[:count]
        for row, channel in zip(sound, channels, strict=True):
            row[:] = channel.pcm
        ends = self._ends(channels, sound, curve)
        np.dot(np.array(ends, np.float32).reshape(-1, 2), _LINES, out=curve)
        curve *= sound
        np.rint(curve, out=curve)
        np.copyto(out, curve, casting="unsafe")
        return out

    def _ends(self, channels: Sequence[Channel], sound: Sound, scratch: Sound) -> list[tuple[float, float]]:
        peaks: list[float] = np.abs(sound, out=scratch).max(axis=1, initial=0).tolist()
        teach = energies(sound) if any(channel.learn for channel in channels) else peaks
        return [
            channel.leveller.step(peak, mean_square if channel.learn else None)
            for channel, peak, mean_square in zip(channels, peaks, teach, strict=True)
        ]


def _rows(count: int) -> tuple[Sound, Sound, Pcm]:
    shape = (count, FRAME)
    return np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.int16)
