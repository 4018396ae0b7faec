"""How late packets come, counted in ticks of whoever plays them: what a jitter buffer must wait for.

A packet's *lateness* is the moment at which it came, in ticks, less its own number. Where both are counted from does not
matter, only how the latenesses of one sender differ from each other. It is kept in eighths of a tick, so that a clock that
runs away is seen to come near the next tick long before it is there.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

PACKETS: Final = 500
"""The newest packets that count: 10 s of a voice."""
AGE: Final = 1500
"""Ticks after which a packet no longer counts: 30 s, in which a clock that is 200 ppm off has moved a third of a tick."""
IGNORED: Final = 0.01
"""The share of packets that may come later than what is waited for."""
PARTS: Final = 8
MARGIN: Final = 1
"""Eighths of a tick, 2.5 ms, that packets should be early: at 200 ppm, 12 s before a whole tick more is needed."""


class PlayoutDelay:
    """The latenesses of the last packets. Ticks are whole and come out rounded up: when a packet could be played."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()
        self._counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._recent)

    def add(self, now: int, slot: int, part: float) -> None:
        """Packet `slot` came before tick `now`, when `part` of a tick had passed since the one before: below 1, if that is on time."""
        lateness = (now - 1 - slot) * PARTS + int(part * PARTS) + 1
        self._recent.append((now, lateness))
        self._counts[lateness] += 1
        while len(self._recent) > PACKETS or self._recent[0][0] < now - AGE:
            _, old = self._recent.popleft()
            self._counts[old] -= 1
            if not self._counts[old]:
                del self._counts[old]

    def clear(self) -> None:
        self._recent.clear()
        self._counts.clear()

    @property
    def least(self) -> int:
        """Of the quickest packet, in ticks. Needs at least one."""
        return _ticks(min(self._counts))

    def most(self, reach: int) -> int:
        """What all but few (`IGNORED`) keep to, of those within `reach` ticks of the quickest, and the margin: what is later
        still would not be waited for in any case."""
        allowed = int(len(self._recent) * IGNORED)
        beyond = min(self._counts) + reach * PARTS
        for lateness in sorted(self._counts, reverse=True):
            if lateness <= beyond:
                allowed -= self._counts[lateness]
                if allowed < 0:
                    return _ticks(lateness + MARGIN)
        return self.least


def _ticks(parts: int) -> int:
    return -(-parts // PARTS)
