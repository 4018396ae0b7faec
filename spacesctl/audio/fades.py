"""Fades: how sound begins and ends without a click.

The gain follows a raised cosine, whose slope is 0 at both ends. A straight line has a corner at either end, which is heard as a soft click:
in a 440 Hz tone at -6 dBFS it leaves -79 to -85 dBFS above 5 kHz, a raised cosine -95 to -100, and no fade at all -43.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import Pcm

RAMP: Final = 240
"""Samples of a fade at an edge: 5 ms."""


@lru_cache
def _curve(samples: int) -> npt.NDArray[np.float32]:
    """A gain from 0 to 1 (`float32[samples]`)."""
    risen: npt.NDArray[np.float32] = ((1 - np.cos(np.pi * np.linspace(0, 1, samples))) / 2).astype(np.float32)
    return risen


def ramped(pcm: Pcm, begin: float, end: float) -> Pcm:
    """Sound (`int16[n]`) with a gain that goes from `begin` to `end`; neither may be above 1."""
    changed: Pcm = np.rint(pcm * (begin + (end - begin) * _curve(len(pcm)))).astype(np.int16)
    return changed


def faded_in(pcm: Pcm) -> Pcm:
    """Sound (`int16[n]`) that begins with a fade."""
    return np.concatenate((ramped(pcm[:RAMP], 0, 1), pcm[RAMP:]))


def faded_out(pcm: Pcm) -> Pcm:
    """Sound (`int16[n]`) that ends with a fade."""
    return np.concatenate((pcm[:-RAMP], ramped(pcm[-RAMP:], 1, 0)))


def cut_short(pcm: Pcm) -> Pcm:
    """The end of what was cut off: a fade at once, and then silence (`int16[n]`)."""
    return np.concatenate((ramped(pcm[:RAMP], 1, 0), np.zeros(max(0, len(pcm) - RAMP), np.int16)))


def blended(first: Pcm, second: Pcm) -> Pcm:
    """Cross-fade from one frame to another of the same length (`int16[n]`)."""
    rise = _curve(len(first))
    mixed: Pcm = np.rint(first * (1 - rise) + second * rise).astype(np.int16)
    return mixed
