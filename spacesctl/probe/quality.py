"""Compares the sound that was received with the sound that was sent: quality and delay. Sound is `int16[n]`, 48 kHz mono."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import RATE, Pcm

WIDE_BAND: Final = 16_000
_FACTOR: Final = RATE // WIDE_BAND
_TAPS: Final = 127


def why_no_pesq() -> str | None:
    """Why wide-band PESQ cannot be computed here; None when it can."""
    if importlib.util.find_spec("pesq") is None:
        return "the package pesq is not installed: it is built from source (pip install pesq, with a C compiler)"
    return None


def pesq(said: Pcm, heard: Pcm) -> float:
    """Wide-band PESQ (ITU-T P.862.2), 1.0 to 4.64, of two aligned sounds of the same length. Raises ModuleNotFoundError without `pesq`."""
    measure: Callable[[int, Pcm, Pcm, str], float] = importlib.import_module("pesq").pesq
    return float(measure(WIDE_BAND, narrowed(said), narrowed(heard), "wb"))


def narrowed(pcm: Pcm) -> Pcm:
    """48 kHz to 16 kHz."""
    filtered = np.convolve(pcm.astype(np.float64), _low_pass(), "same")[::_FACTOR]
    narrow: Pcm = np.clip(np.rint(filtered), -32_768, 32_767).astype(np.int16)
    return narrow


def lag(said: Pcm, heard: Pcm) -> int:
    """Samples from the start of `heard` to the start of `said` in it, by the largest cross-correlation. May be negative."""
    size = 1 << (len(said) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(said.astype(np.float64), size))
    place = int(np.argmax(np.fft.irfft(spectrum, size)))
    return place if place < len(heard) else place - size


def correlation(one: Pcm, other: Pcm) -> float:
    """The correlation of two sounds of the same length, -1 to 1. It is 0 if one of them is silent."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    energy = float(np.sqrt(np.dot(first, first) * np.dot(second, second)))
    return float(np.dot(first, second)) / energy if energy else 0.0


def cut(heard: Pcm, begin: int, length: int) -> Pcm:
    """`length` samples from `begin` on, with silence where `heard` has none."""
    out: Pcm = np.zeros(length, np.int16)
    first, last = max(0, begin), min(len(heard), begin + length)
    if first < last:
        out[first - begin : last - begin] = heard[first:last]
    return out


@cache
def _low_pass() -> npt.NDArray[np.float64]:
    places = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(places * 0.92 / _FACTOR) * np.kaiser(_TAPS, 8.0)
    whole: npt.NDArray[np.float64] = taps / taps.sum()
    return whole
