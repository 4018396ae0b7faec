"""Collects the sound that one listener decoded, by ticks of the Space clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import Decoder, Pcm
from spacesctl.domain.clock import TICK_SECONDS

Sound = npt.NDArray[np.float32]
"""16 kHz mono; full scale is 1."""
RATE = 16_000
TICK = 320
"""Samples a tick at 16 kHz."""
MEASURED_TICKS = 180 * 50
"""Ticks of sound that are kept: three minutes, some 17 MB a listener. In a longer demo the further ticks are only counted."""


@dataclass(frozen=True)
class Heard:
    """`sound` is float32 at 16 kHz; its first sample is that of tick `first`. Ticks that did not arrive are silent."""

    first: float
    sound: Sound

    def sample_of(self, tick: float) -> int:
        return round((tick - self.first) * TICK)

    def tick_of(self, sample: int) -> float:
        return round(self.first + sample / TICK, 2)


class ProbeListener:
    """Takes decoded ticks as they arrive. `account` is None for an anonymous listener."""

    def __init__(self, kind: str, account: str | None) -> None:
        self.kind = kind
        self.account = account
        self.decoded = 0
        """Ticks from the first to the last, including silent ones that were not sent (DTX)."""
        self.lost = 0
        """Ticks that never arrived."""
        self.ended: str | None = None
        self._kept: dict[int, Pcm] = {}
        self._began: int | None = None

    @property
    def seconds(self) -> float:
        return round(self.decoded * TICK_SECONDS, 2)

    def take(self, tick: int, pcm: Pcm) -> None:
        """Take a tick's sound: `int16[320]` at 16 kHz or `int16[960]` at 48 kHz, always the same for one listener."""
        self._began = tick if self._began is None else self._began
        self.decoded = max(self.decoded, tick - self._began + 1)
        if len(self._kept) < MEASURED_TICKS:
            self._kept[tick] = pcm

    def heard(self) -> Heard:
        """All sound that was kept."""
        if not self._kept:
            return Heard(0, np.zeros(0, np.float32))
        first, last = min(self._kept), max(self._kept)
        width = len(self._kept[first])
        whole = np.zeros((min(last - first + 1, 2 * MEASURED_TICKS), width), np.int16)
        for tick, pcm in self._kept.items():
            if tick - first < len(whole) and len(pcm) == width:
                whole[tick - first] = pcm
        flat = whole.reshape(-1)
        return Heard(first, _as_float(flat) if width == TICK else narrowed(flat))


def narrowed(pcm: Pcm) -> Sound:
    """48 kHz to 16 kHz, without delay."""
    low: Sound = np.convolve(_as_float(pcm), _low_pass(), "same")[::3].astype(np.float32)
    return low


class Packets(Protocol):
    """Speech as Opus packets of 20 ms."""

    @property
    def packets(self) -> Sequence[bytes]: ...


def clip(script: Packets) -> Sound:
    """The decoded sound of a person's clip."""
    decoder = Decoder(RATE)
    return _as_float(np.concatenate([decoder.decode(packet) for packet in script.packets]))


def _as_float(pcm: Pcm) -> Sound:
    return pcm.astype(np.float32) / np.float32(32_768)


@cache
def _low_pass() -> npt.NDArray[np.float32]:
    """A low-pass filter with a cutoff of 7 kHz at 48 kHz: a windowed sinc of 63 taps."""
    at = np.arange(-31, 32)
    taps = np.sinc(at * 2 * 7_000 / 48_000) * np.hamming(63)
    return np.asarray(taps / taps.sum(), dtype=np.float32)
