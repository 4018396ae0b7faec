"""Garbage collection and heap trimming, both only in the time that is left before the next tick.

Python's garbage collector may stop the process for 60 ms, so automatic collection is off and it is run explicitly after short ticks.
And glibc keeps the memory that OpenSSL frees after a handshake: 70 KiB each, scattered between blocks still in use, until malloc_trim(3)
returns it to the system. That call takes 20 us per peer plus some time per connected listener, so it is made once for many handshakes.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from typing import Final

CALM_SECONDS: Final = 0.005
"""Seconds. A tick whose work took less than this is calm: there is time for the garbage collector after it."""
LEFT_SECONDS: Final = 0.01
"""Seconds that must be left before the next tick to collect the young generations: half a tick."""
YOUNG_TICKS: Final = 50
"""Ticks between two collections of the young generations: once a second."""
FULL_TICKS: Final = 250
"""Ticks between two full collections while no Space is in use: every 5 s."""
EVERY: Final = 64
"""Handshakes that are freed before the heap is trimmed."""
AT_FIRST: Final = 0.002
"""Seconds that trimming is expected to take before it was first measured."""
FORGETS: Final = 0.99
"""Factor on the expected time after each tick that had no room for it: 10 ms become 6 in a second."""
MARGIN: Final = 0.004
"""Seconds that must be left before the next tick, on top of twice the expected time."""


class GcPacer:
    """Runs Python's garbage collector in calm ticks, and at no other time."""

    def begin(self) -> None:
        """Turn automatic collection off. Objects that exist already are never collected (`gc.freeze`)."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def end(self) -> None:
        """Turn automatic collection on again."""
        gc.enable()

    def after_tick(self, number: int, work: float, left: Callable[[], float], idle: bool) -> None:
        """Collect if it is time and tick `number`, which took `work` seconds, was calm. `left()` gives the seconds until the next tick."""
        if work >= CALM_SECONDS:
            return
        if number % FULL_TICKS == 0 and idle:
            gc.collect()
        elif number % YOUNG_TICKS == 0 and left() > LEFT_SECONDS:
            gc.collect(1)


class HeapTrimmer:
    """Returns freed memory to the system: `freed` counts handshakes, `tidy` trims the heap when enough were freed."""

    def __init__(self) -> None:
        self._freed = 0
        self._took = AT_FIRST

    def freed(self) -> None:
        """Count a handshake whose memory was freed."""
        self._freed += 1

    def tidy(self, left: float) -> None:
        """Trim the heap if enough handshakes were freed and it should fit into `left` seconds."""
        if self._freed < EVERY or _trim is None:
            return
        if left < 2 * self._took + MARGIN:
            # After many joins one trim takes long and later ones are quick again, so one long measurement must not block them for ever.
            self._took *= FORGETS
            return
        self._freed, began = 0, time.perf_counter()
        _trim(0)
        self._took = time.perf_counter() - began


def _load() -> ctypes._NamedFuncPointer | None:
    """glibc's malloc_trim, or None on other systems, which do not need it."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None


_trim: Final = _load()
