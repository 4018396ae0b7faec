"""The jitter buffer of one lane: packets in as the network brings them, one frame out per tick.

Packets sit in *slots*: their timestamp counted in frames since the first. A slot without a packet was lost if the sequence
numbers around it have a gap, and silent if they do not (the sender stopped sending in silence, DTX). The depth is fixed:
`target` frames are gathered before the first is played. Against the sender's clock there are only two means: when nothing
is there the buffer waits (and is deeper afterwards), and when it stays too deep for two seconds it skips one frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

TARGET: Final = 3
"""Frames gathered before the first is played: 60 ms."""
MAXIMUM: Final = 10
"""Frames held at most: 200 ms."""
PATIENCE: Final = 10
"""Ticks without any packet after which the buffer starts over with the next one."""
STRAYED: Final = 50
"""Slots behind what plays now, or consecutive late packets, that mean the sender began a new timeline."""
TRIM_TICKS: Final = 100
"""How long the buffer must have been too deep, at every tick, before it skips a frame: 2 s."""
DTX_BYTES: Final = 2
"""An Opus packet this short says: silence from here on (RFC 6716, 2.1.9)."""


class Missing(Enum):
    """Why a tick has no frame."""

    LOST = "lost"
    SILENT = "silent"


LOST: Final = Missing.LOST
SILENT: Final = Missing.SILENT


class Held(NamedTuple):
    """A packet in the buffer. `level` is the sender's own measure (RFC 6464), in dBov from -127 to 0, or None."""

    sequence: int
    slot: int
    payload: bytes
    level: int | None


@dataclass(slots=True)
class Counters:
    """What became of packets and ticks."""

    late: int = 0
    duplicate: int = 0
    overflow: int = 0
    lost: int = 0
    skipped: int = 0
    restarted: int = 0


@dataclass(slots=True)
class JitterBuffer:
    """`samples` is the length of a packet at 48 kHz; `target` and `maximum` count packets."""

    target: int = TARGET
    maximum: int = MAXIMUM
    samples: int = 960
    counters: Counters = field(default_factory=Counters)
    _held: dict[int, Held] = field(default_factory=dict)
    _playing: bool = False
    _slot: int = 0  # what the next pop plays
    _sequence: int | None = None  # extended sequence of the last frame played
    _dtx: bool = False  # the last frame played announced silence
    _starved: int = 0  # ticks in a row with nothing held
    _waited: int = 0  # ticks since the first packet came, while gathering
    _late_run: int = 0
    _anchor: tuple[int, int] | None = None  # extended (sequence, timestamp) of the newest packet
    _origin: int = 0  # the extended timestamp of slot 0
    _shallowest: int = MAXIMUM
    _watched: int = 0

    def __len__(self) -> int:
        return len(self._held)

    def push(self, sequence: int, timestamp: int, payload: bytes, level: int | None = None) -> None:
        """Take a packet: `sequence` u16 and `timestamp` u32 as RTP has them (RFC 3550), wrapping."""
        extended, slot = self._place(sequence, timestamp)
        if slot in self._held:
            self.counters.duplicate += 1
        elif self._playing and slot < self._slot:
            self._came_late(sequence, timestamp, payload, level)
        else:
            self._late_run = 0
            self._held[slot] = Held(extended, slot, payload, level)
            self._bound(slot)

    def pop(self) -> Held | Missing:
        """What this tick plays."""
        if not self._playing and not self._ready():
            return SILENT
        if not self._held:
            return self._starve()
        if self._starved:
            self._catch_up()
        self._trim()
        frame = self._held.pop(self._slot, None)
        self._slot += 1
        if frame is None:
            return self._gap()
        self._sequence = frame.sequence
        self._dtx = len(frame.payload) <= DTX_BYTES
        return frame

    def following(self) -> bytes | None:
        """After a LOST: the very next packet, if it is here, which may carry a copy of the lost one (FEC)."""
        frame = self._held.get(self._slot)
        return frame.payload if frame else None

    def restart(self) -> None:
        """Forget everything held and begin with the next packet, as when the sender changes."""
        self._held.clear()
        self._playing = self._dtx = False
        self._anchor = self._sequence = None
        self._starved = self._waited = self._late_run = self._watched = 0
        self._shallowest = self.maximum

    # -- coming in

    def _place(self, sequence: int, timestamp: int) -> tuple[int, int]:
        """The packet's extended sequence number and its slot, by the nearest turn of each counter."""
        if self._anchor is None:
            self._anchor, self._origin = (sequence, timestamp), timestamp
            return sequence, 0
        extended = _nearest(sequence, self._anchor[0], 1 << 16)
        time = _nearest(timestamp, self._anchor[1], 1 << 32)
        slot = (time - self._origin) // self.samples
        if self._playing and abs(slot - self._slot) > STRAYED and not self._is_after_a_pause(extended, slot):
            self._begin_anew()
            return self._place(sequence, timestamp)
        if extended > self._anchor[0]:
            self._anchor = (extended, time)
        return extended, slot

    def _is_after_a_pause(self, extended: int, slot: int) -> bool:
        """A long way ahead in time but not in sequence: the sender was silent, and said nothing."""
        return self._anchor is not None and slot > self._slot and 0 < extended - self._anchor[0] <= self.maximum

    def _begin_anew(self) -> None:
        self.counters.restarted += 1
        self.restart()

    def _came_late(self, sequence: int, timestamp: int, payload: bytes, level: int | None) -> None:
        self.counters.late += 1
        self._late_run += 1
        if self._late_run >= STRAYED:
            self._begin_anew()
            self.push(sequence, timestamp, payload, level)

    def _bound(self, newest: int) -> None:
        """Hold `maximum` slots at most: what is older than that gives way, down to `target`."""
        first = self._slot if self._playing else min(self._held)
        if max(newest, *self._held) - first < self.maximum:
            return
        keep_from = max(newest, *self._held) - self.target + 1
        for slot in [slot for slot in self._held if slot < keep_from]:
            self.counters.overflow += 1
            self._sequence = max(self._sequence or 0, self._held.pop(slot).sequence) if self._playing else None
        if self._playing:
            self._slot, self._starved = keep_from, 0

    # -- going out

    def _ready(self) -> bool:
        """Whether enough is gathered to begin; a single packet waits no longer than the others would have taken."""
        if not self._held:
            return False
        self._waited += 1
        first = min(self._held)
        if max(self._held) - first + 1 < self.target and self._waited < self.target:
            return False
        self._playing, self._slot, self._waited = True, first, 0
        self._sequence, self._starved = None, 0
        return True

    def _starve(self) -> Missing:
        """Nothing is held: wait in place, unless the sender said that it would be silent; then time passes."""
        if self._dtx:
            self._slot += 1
            return SILENT
        self._starved += 1
        if self._starved > PATIENCE:
            self._playing = False
            self._waited = 0
            return SILENT
        return LOST

    def _catch_up(self) -> None:
        """Packets come again. Of the slots that are missing for good, those that were waited out have been heard already."""
        first = min(self._held)
        self._slot += min(self._starved, max(0, first - self._slot))
        self._starved = 0

    def _gap(self) -> Missing:
        """An empty slot with packets behind it: lost, if a sequence number is missing too."""
        following = self._held[min(self._held)]
        if self._sequence is None or following.sequence == self._sequence + 1:
            return SILENT
        self._sequence += 1
        self.counters.lost += 1
        return LOST

    def _trim(self) -> None:
        depth = max(self._held) - self._slot + 1
        self._shallowest = min(self._shallowest, depth)
        self._watched += 1
        if self._watched < TRIM_TICKS:
            return
        if self._shallowest > self.target:
            self.counters.skipped += 1
            skipped = self._held.pop(self._slot, None)
            if skipped:
                self._sequence = skipped.sequence
            self._slot += 1
        self._watched, self._shallowest = 0, self.maximum


def _nearest(value: int, reference: int, turn: int) -> int:
    """`value` plus the whole turns that bring it nearest to `reference`."""
    half = turn // 2
    return reference + (value - reference + half) % turn - half
