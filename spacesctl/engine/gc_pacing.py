"""When memory is tidied: only in the time that is left between two ticks.

Python's garbage collector may stop everything for 60 ms, so it is off, and run by hand in calm ticks. And glibc keeps what OpenSSL freed:
70 KiB for each handshake, in pieces between things that stay, until it is asked to give them back (malloc_trim(3)). That takes 20 us a
peer and some for each listener who is connected, so it is done for many handshakes at once.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from typing import Final

CALM_SECONDS: Final = 0.005
"""A tick whose work took no longer leaves time to collect the young generations."""
LEFT_SECONDS: Final = 0.01
"""Seconds that must be left before the next tick to do so: half a tick."""
YOUNG_TICKS: Final = 50
"""How often the young generations are collected in calm ticks: once a second."""
FULL_TICKS: Final = 250
"""How often everything is collected while no Space is in use: every 5 s."""
EVERY: Final = 64
"""Handshakes that are freed before memory is given back to the system."""
AT_FIRST: Final = 0.002
"""Seconds that giving back is expected to take before it was measured."""
FORGETS: Final = 0.99
"""The measured time counts for so much less after each tick that had no room for it: 10 ms become 6 in a second."""
MARGIN: Final = 0.004
"""Seconds that must be left before the next tick besides."""


class GcPacer:
    """Runs Python's garbage collector in calm ticks, and at no other time."""

    def begin(self) -> None:
        """From now on it runs only here. What exists already is never looked at again."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def end(self) -> None:
        """It runs by itself again."""
        gc.enable()

    def after_tick(self, number: int, work: float, left: Callable[[], float], idle: bool) -> None:
        """Collect if tick `number`, which took `work` seconds, was calm. `left()` tells the seconds before the next tick."""
        if work >= CALM_SECONDS:
            return
        if number % FULL_TICKS == 0 and idle:
            gc.collect()
        elif number % YOUNG_TICKS == 0 and left() > LEFT_SECONDS:
            gc.collect(1)


class HeapTrimmer:
    """Gives freed memory back to the system: `freed` counts handshakes, `tidy` acts."""

    def __init__(self) -> None:
        self._freed = 0
        self._took = AT_FIRST

    def freed(self) -> None:
        """A handshake's memory was freed."""
        self._freed += 1

    def tidy(self, left: float) -> None:
        """Give memory back if it is worth it and fits into `left` seconds."""
        if self._freed < EVERY or _trim is None:
            return
        if left < 2 * self._took + MARGIN:
            # After many joins it takes long once; when that is done it is quick again, so an old measure must not count for ever.
            self._took *= FORGETS
            return
        self._freed, began = 0, time.perf_counter()
        _trim(0)
        self._took = time.perf_counter() - began


def _load() -> ctypes._NamedFuncPointer | None:
    """glibc's malloc_trim; other systems have none, and need none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None


_trim: Final = _load()
