"""Measures how long a jitter buffer must delay playout so that nearly all packets arrive in time, in the receiver's ticks.

A packet's *delay* is the time of its arrival, in ticks, minus its own number. The origins of both do not matter, only how the delays of
one sender differ from each other. Delays are kept in eighths of a tick, so that clock drift is noticed long before it adds up to a tick.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

PACKETS: Final = 500
"""The number of newest packets that count: 10 s of speech."""
AGE: Final = 1500
"""Ticks after which a packet no longer counts: 30 s, in which a clock that is off by 200 ppm drifts by a third of a tick."""
IGNORED: Final = 0.01
"""The share of packets that may arrive too late for the delay."""
PARTS: Final = 8
"""The parts of a tick in which delays are counted."""
MARGIN: Final = 1
"""Eighths of a tick (2.5 ms each) by which packets should be early. At a drift of 200 ppm, that is used up in 12 s."""


class PlayoutDelay:
    """The delays of the newest packets. Results are whole ticks, rounded up to the tick in which a packet can be played."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()
        self._counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._recent)

    def add(self, now: int, slot: int, part: float) -> None:
        """Record that packet `slot` arrived before tick `now`, at `part` ticks after the tick before that (below 1 if ticks are on
        time)."""
        delay = (now - 1 - slot) * PARTS + int(part * PARTS) + 1
        self._recent.append((now, delay))
        self._counts[delay] += 1
        while len(self._recent) > PACKETS or self._recent[0][0] < now - AGE:
            _, old = self._recent.popleft()
            self._counts[old] -= 1
            if not self._counts[old]:
                del self._counts[old]

    def clear(self) -> None:
        """Forget all packets."""
        self._recent.clear()
        self._counts.clear()

    @property
    def least(self) -> int:
        """The delay of the quickest packet, in ticks. Raises ValueError when there is no packet."""
        return _ticks(min(self._counts))

    def most(self, reach: int) -> int:
        """The delay in ticks, with the margin, at which all packets but the share `IGNORED` arrive in time. Packets more than `reach`
        ticks later than the quickest are left out, because a buffer cannot wait for them anyway. Raises ValueError when there is no
        packet."""
        allowed = int(len(self._recent) * IGNORED)
        beyond = min(self._counts) + reach * PARTS
        for delay in sorted(self._counts, reverse=True):
            if delay <= beyond:
                allowed -= self._counts[delay]
                if allowed < 0:
                    return _ticks(delay + MARGIN)
        return self.least


def _ticks(parts: int) -> int:
    return -(-parts // PARTS)
