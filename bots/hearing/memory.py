"""The memory of this process, as Linux tells it; elsewhere 0, and no ceiling is ever reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
CEILING: Final = 120 << 20
"""Bytes that a recogniser may have for itself: speech engines keep what they have searched, and are reported to leak."""


def resident_bytes() -> int:
    """Bytes in RAM, with what is shared."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def private_bytes() -> int:
    """Bytes in RAM that are shared with no other process.

    `Private_*` of `smaps_rollup` (proc(5)): the cheaper `RssAnon` counts the model too, which is anonymous memory that was shared by a
    fork. It costs the kernel 1 ms for each 100 MB, so it is asked for seldom.
    """
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        return sum(
            int(line.split()[1]) << 10 for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:"))
        )
    except (OSError, IndexError, ValueError):
        return 0


GROWN: Final = 8 << 20
"""Bytes by which a process has to change before its private memory is asked for again."""


class PrivateMemory:
    """`look` is `private_bytes` of this process, cheaply: what it has more in RAM since the kernel was asked is all its own. That it has
    written to a page which it shared is not seen in between; there are few of those."""

    def __init__(self) -> None:
        self._private = 0
        self._resident: int | None = None

    def look(self) -> int:
        """Bytes; 0 where the system does not tell."""
        now = resident_bytes()
        if self._resident is None or abs(now - self._resident) >= GROWN:
            self._private, self._resident = private_bytes(), now
        return max(0, self._private + now - self._resident)


LITTLE: Final = 125
"""Ticks of sound that a new recogniser may hear again without coming late: 2.5 s. One that goes on after a cut begins with 1.5 s."""


@dataclass(frozen=True)
class Ceiling:
    """How much a recogniser may have for itself, in bytes. Above it the lane moves to a new one at its next silence or where an utterance
    has just begun, above 1.5 times of it at once."""

    most: int = CEILING

    def is_reached(self, private: int, again: int) -> bool:
        """Whether the lane should move now, when the new recogniser has to hear so many ticks `again`."""
        return private >= self.most * 1.5 or (again <= LITTLE and private >= self.most)
