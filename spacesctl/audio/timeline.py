"""Where packets belong: their extended sequence numbers, and their *slots*, which are their places in frames since the first packet.

A packet whose sequence number follows that of the one before has the slot after it, whatever its timestamp says: timestamps are rounded
and drift. Only one that is half a frame later or more means a pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

WINDOW: Final = 128
"""Sequence numbers behind the newest for which duplicates are detected."""


class Newest(NamedTuple):
    """The newest packet: its extended sequence number and timestamp, its slot, and how many it fills."""

    sequence: int
    time: int
    slot: int
    span: int


class Place(NamedTuple):
    """Where a packet belongs: its extended sequence number and timestamp, its slot, and how far it is `ahead` of the newest one."""

    sequence: int
    time: int
    slot: int
    ahead: int


@dataclass(slots=True)
class Timeline:
    """The packets of one source. `samples` is the length of a frame in samples at 48 kHz."""

    samples: int
    newest: Newest | None = None
    _seen: int = 0  # one bit per recent sequence number, the lowest bit for the newest

    def begin(self, sequence: int, timestamp: int, span: int) -> Place:
        """The first packet: it has slot 0."""
        self.newest, self._seen = Newest(sequence, timestamp, 0, span), 1
        return Place(sequence, timestamp, 0, 0)

    def clear(self) -> None:
        """Forget all packets."""
        self.newest, self._seen = None, 0

    def place(self, newest: Newest, sequence: int, timestamp: int) -> Place:
        """Where a packet belongs, seen from the `newest` one; `sequence` (u16) and `timestamp` (u32) wrap."""
        extended = _nearest(sequence, newest.sequence, 1 << 16)
        time = _nearest(timestamp, newest.time, 1 << 32)
        ahead = extended - newest.sequence
        return Place(extended, time, self._slot(ahead, time - newest.time, newest), ahead)

    def add(self, place: Place, span: int) -> bool:
        """A packet came that fills `span` slots. Returns whether it is new (no duplicate)."""
        if place.ahead > 0:
            self.newest = Newest(place.sequence, place.time, place.slot, span)
            self._seen = (self._seen << min(place.ahead, WINDOW) | 1) & (1 << WINDOW) - 1
            return True
        bit = 1 << min(-place.ahead, WINDOW)
        is_new = not self._seen & bit
        self._seen |= bit if -place.ahead < WINDOW else 0
        return is_new

    def lacks(self, sequence: int) -> bool:
        """Whether a packet has not come, by its sequence number (u16). False before the first packet, and for one that is too long ago."""
        if self.newest is None:
            return False
        ahead = _nearest(sequence, self.newest.sequence, 1 << 16) - self.newest.sequence
        return ahead > 0 or (-ahead < WINDOW and not self._seen & 1 << -ahead)

    def _slot(self, ahead: int, later: int, newest: Newest) -> int:
        """The slot of a packet that is `ahead` of the newest one by so many packets, and `later` by so many samples."""
        frames = round(later / self.samples)
        if ahead <= 0:
            return newest.slot + min(ahead, frames)
        following = newest.span + ahead - 1  # if those between are one frame long, and nothing paused
        is_pause = later > (following + 0.5) * self.samples
        return newest.slot + (frames if is_pause else following)


def _nearest(value: int, reference: int, turn: int) -> int:
    """`value` plus the multiple of `turn` that brings it nearest to `reference`."""
    half = turn // 2
    return reference + (value - reference + half) % turn - half
