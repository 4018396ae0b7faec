"""Tells whether a child process still lives by the beats that it sends each second."""

from __future__ import annotations

import asyncio
from typing import Final

QUIET: Final = 4.0
"""Seconds without a beat after which the child does not count as ready."""
DEAD: Final = 5.0
"""Seconds without a beat after which it is ended and replaced."""
LOOK_EVERY: Final = 0.25
"""Seconds between two looks."""
PAUSED: Final = 1.0
"""Seconds. If a look is later than that, it was this process that stood still, and beats of that time wait unread."""


class Pulse:
    """`beat()` for each beat; `await lost()` returns when there were none for `dead` seconds. Time in which this process itself did not run
    does not count. `first` is how many seconds the first beat may take, for a child that starts slowly."""

    def __init__(self, first: float = DEAD, *, dead: float = DEAD) -> None:
        self._dead = dead
        self._last = asyncio.get_running_loop().time() + first - dead

    def beat(self) -> None:
        """The child has sent a beat."""
        self._last = asyncio.get_running_loop().time()

    @property
    def silent(self) -> float:
        """Seconds since the last beat."""
        return asyncio.get_running_loop().time() - self._last

    @property
    def is_quiet(self) -> bool:
        """Whether it has sent nothing for so long that it cannot be counted on."""
        return self.silent > QUIET

    async def lost(self) -> None:
        """Return when the child counts as dead."""
        loop = asyncio.get_running_loop()
        while (left := self._dead - self.silent) >= 0:
            wait = min(LOOK_EVERY, left + 0.01)
            due = loop.time() + wait
            await asyncio.sleep(wait)
            late = loop.time() - due
            if late > PAUSED:
                self._last += late
