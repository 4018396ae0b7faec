"""The last seconds of sound of each lane whose words may have to be recognised once more, as they came: Opus packets.

They are kept where all sound passes, and not with the lane's recogniser: that one may be replaced in the middle of an utterance.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from spacesctl.domain.clock import TICKS_PER_SECOND

KEPT: Final = 20 * TICKS_PER_SECOND
"""Ticks of a lane: an utterance of 8 s, twice as much lateness as is allowed, and some more. About 80 kB."""
MOST_LANES: Final = 256
"""Lanes that are kept, also closed ones; of more those are forgotten that came first."""

Frame = tuple[int, int, bytes]
"""Tick, flags, Opus payload."""


class Rings:
    """Nothing is kept of a Space until it is asked for."""

    def __init__(self) -> None:
        self._spaces = set[str]()
        self._rings: dict[tuple[str, int], deque[Frame]] = {}

    def __bool__(self) -> bool:
        return bool(self._spaces)

    def keep(self, space: str, *, on: bool) -> None:
        """Keep the sound of this Space from now on, or no longer."""
        if on:
            self._spaces.add(space)
        elif space in self._spaces:
            self._spaces.discard(space)
            self._rings = {key: ring for key, ring in self._rings.items() if key[0] != space}

    def frame(self, space: str, lane: int, frame: Frame) -> None:
        """Take the next frame of a lane."""
        if space not in self._spaces:
            return
        ring = self._rings.get((space, lane))
        if ring is None:
            if len(self._rings) >= MOST_LANES:
                del self._rings[next(iter(self._rings))]
            ring = self._rings[space, lane] = deque(maxlen=KEPT)
        ring.append(frame)

    def cut(self, space: str, lane: int, first: int, last: int, before: int = 0) -> list[Frame]:
        """The frames from `first` to `last`, both included, and up to `before` ticks earlier; empty when its beginning is gone."""
        ring = self._rings.get((space, lane))
        if not ring or (
            ring[0][0] > first and len(ring) == KEPT
        ):  # before a microphone was opened there is nothing to hear
            return []
        return [frame for frame in ring if first - before <= frame[0] <= last]
