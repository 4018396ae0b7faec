"""Memory that finished handshakes leave behind goes back to the system, between ticks.

OpenSSL frees 70 KiB a peer in pieces between things that stay, which glibc keeps for itself unless it is asked (malloc_trim(3)). That
takes 20 us a peer, and some for each listener who is here: so it is done by the dozen, and only where it fits before the next tick.
"""

from __future__ import annotations

import ctypes
import sys
import time
from typing import Final

EVERY: Final = 64
"""Handshakes that are let go before memory is given back."""
AT_FIRST: Final = 0.002
"""Seconds that it may take, until it is known."""
FORGETS: Final = 0.99
"""What is left of the last measure after each tick for which it was too long: 10 ms become 6 in a second."""
MARGIN: Final = 0.004
"""Seconds that must be left before the next tick besides."""


class HeapTrimmer:
    """`freed` counts; `tidy` acts."""

    def __init__(self) -> None:
        self._freed = 0
        self._took = AT_FIRST

    def freed(self) -> None:
        """A handshake was let go."""
        self._freed += 1

    def tidy(self, left: float) -> None:
        """Give memory back if it is worth it and fits into `left` seconds."""
        if self._freed < EVERY or _trim is None:
            return
        if left < 2 * self._took + MARGIN:
            # After a storm it takes long once, and no longer when that is done: what was measured counts for less and less.
            self._took *= FORGETS
            return
        self._freed, began = 0, time.perf_counter()
        _trim(0)
        self._took = time.perf_counter() - began


def _load() -> ctypes._NamedFuncPointer | None:
    """glibc's malloc_trim; other systems have none, and need none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None


_trim: Final = _load()
