"""The jitter buffer of one lane: packets in as the network brings them, one frame out per tick.

Packets sit in *slots*: their timestamp counted in frames since the first. A slot without a packet was lost if the sequence
numbers around it have a gap, and silent if they do not (the sender stopped sending in silence, DTX).

The *depth* is how many ticks a slot is played after its own number. It follows what the last packets needed (`PlayoutDelay`),
so it also follows the sender's clock, which runs a little faster or slower than ours. It grows where nobody hears it: by a tick
of waiting while nobody talks, or in place of a frame that is missing anyway; and when nothing is there at all, playing waits.
It shrinks when the caller lets a frame go that nobody hears (`shed`), and in endless talk only when it is far too deep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from spacesctl.audio.playout_delay import PlayoutDelay

TARGET: Final = 3
"""Frames of depth before anything is known of the network: 60 ms."""
MAXIMUM: Final = 10
"""Frames held at most: 200 ms."""
KNOWN: Final = 50
"""Packets after which the network is known: 1 s."""
PATIENCE: Final = 10
"""Ticks without any packet after which it counts as silence."""
STRAYED: Final = 50
"""Slots behind what plays now, or consecutive late packets, that mean the sender began a new timeline."""
TRIM_TICKS: Final = 100
"""How long the buffer must have been far too deep, at every tick, before a frame goes while somebody talks: 2 s."""
FAR: Final = 3
"""Frames too deep that are far too deep."""
LOSSY: Final = 0.001
"""The share of lost frames from which it pays to wait for the packet after a lost one, which may hold a copy (FEC). A single loss
counts for 7 s: where lost packets are sent again few stay lost, and what repairs those must be here as well."""
MEMORY: Final = 256
"""Frames over which that share is averaged."""
WINDOW: Final = 128
"""Sequence numbers behind the newest that are told from duplicates."""
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
    """What became of packets and ticks. `stretched` are ticks put in, `skipped` frames left out, `repaired` lost ones for which
    the next packet was here."""

    late: int = 0
    duplicate: int = 0
    overflow: int = 0
    lost: int = 0
    repaired: int = 0
    stretched: int = 0
    skipped: int = 0
    restarted: int = 0


@dataclass(slots=True)
class JitterBuffer:
    """`samples` is the length of a packet at 48 kHz; `first` and `maximum` count packets: the depth to begin with, and the
    most that is held."""

    first: int = TARGET
    maximum: int = MAXIMUM
    samples: int = 960
    counters: Counters = field(default_factory=Counters)
    _held: dict[int, Held] = field(default_factory=dict)
    _lateness: PlayoutDelay = field(default_factory=PlayoutDelay)
    _now: int = 0  # the number of the next pop
    _slot: int = 0  # what it plays
    _played: int = -STRAYED  # the newest slot that was played or given up
    _sequence: int | None = None  # extended sequence of the last frame played
    _resting: bool = True  # the sender is silent: slots go by unplayed, at the depth that is wanted
    _dtx: bool = False  # the last frame played announced silence
    _starved: int = 0  # ticks in a row with nothing held
    _late_run: int = 0
    _came: tuple[int, int] = (0, -STRAYED)  # the tick before which the last packet came, and its slot
    _anchor: tuple[int, int] | None = None  # extended (sequence, timestamp) of the newest packet
    _seen: int = 0  # a bit for each of the last sequence numbers, the newest the lowest
    _origin: int = 0  # the extended timestamp of slot 0
    _loss: float = 0.0
    _needed: int = 0  # the depth that nearly all packets come in time for
    _wanted: int = 0  # that, and what repairing takes
    _least_surplus: int = MAXIMUM
    _watched: int = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def surplus(self) -> int:
        """Ticks that it is deeper than it need be; below 0, shallower."""
        return self._now - self._slot - self._wanted

    @property
    def depth(self) -> int:
        """Ticks from when the quickest packet could be played to when it is, itself included. 0 before the first."""
        return self._now - self._slot - self._lateness.least + 1 if self._lateness else 0

    def push(self, sequence: int, timestamp: int, payload: bytes, level: int | None = None, part: float = 0.5) -> None:
        """Take a packet: `sequence` u16 and `timestamp` u32 as RTP has them (RFC 3550), wrapping. `part` is how much of a tick
        had passed since the last `pop`: below 1, if pops are on time."""
        extended, slot, is_new = self._place(sequence, timestamp)
        if not is_new or slot in self._held:
            self.counters.duplicate += 1
            return
        if not self._is_of_a_stall(slot):
            self._lateness.add(self._now, slot, part)
            self._aim()
        self._came = (self._now, slot)
        if slot <= self._played or (not self._resting and slot < self._slot):
            self._came_late(sequence, timestamp, payload, level, part)
            return
        self._late_run = 0
        self._held[slot] = Held(extended, slot, payload, level)
        self._bound(max(self._held))

    def pop(self, quiet: bool = False) -> Held | Missing:
        """What this tick plays. `quiet` says that nobody talks on the lane, so that a tick can be put in unheard."""
        if self._anchor is None:
            return SILENT
        item = self._play(quiet)
        self._now += 1
        self._watch()
        return item

    def shed(self, quiet: bool) -> bool:
        """After a `pop`: whether to let go what it gave and to `pop` once more for the same tick, to become less deep."""
        too_deep = self.surplus > 0 if quiet else self._watched >= TRIM_TICKS and self._least_surplus >= FAR
        if not too_deep or self._slot not in self._held:
            return False
        self.counters.skipped += 1
        self._now -= 1
        self._watched, self._least_surplus = 0, self.maximum
        return True

    def passed(self, ticks: int) -> None:
        """So many ticks went by in which nobody asked: what is held waits longer, but no packet came late for that."""
        self._now += ticks

    def following(self) -> bytes | None:
        """After a LOST: the very next packet, if it is here, which may carry a copy of the lost one (FEC)."""
        frame = self._held.get(self._slot)
        return frame.payload if frame else None

    def missing(self) -> list[int]:
        """The extended sequence numbers that are not here though later ones are, and that would still be played."""
        found, before = list[int](), self._sequence
        for held in sorted(self._held.values()):
            if before is not None:
                first = max(before + 1, held.sequence - (held.slot - self._slot))
                found += range(max(first, held.sequence - self.maximum), held.sequence)
            before = held.sequence
        return found

    def restart(self) -> None:
        """Forget everything held and begin with the next packet, as when the sender changes."""
        self._held.clear()
        self._lateness.clear()
        self._anchor = self._sequence = None
        self._resting, self._dtx = True, False
        self._starved = self._late_run = self._watched = self._seen = 0
        self._least_surplus = self.maximum

    # -- coming in

    def _place(self, sequence: int, timestamp: int) -> tuple[int, int, bool]:
        """The packet's extended sequence number, by the nearest turn of the counter, its slot, and whether it is new."""
        if self._anchor is None:
            self._begin(sequence, timestamp)
            return sequence, 0, True
        extended = _nearest(sequence, self._anchor[0], 1 << 16)
        time = _nearest(timestamp, self._anchor[1], 1 << 32)
        slot = (time - self._origin) // self.samples
        if abs(slot - self._slot) > STRAYED and not self._is_after_a_pause(extended, slot):
            self.counters.restarted += 1
            self.restart()
            return self._place(sequence, timestamp)
        ahead = extended - self._anchor[0]
        if ahead > 0:
            self._anchor = (extended, time)
            self._seen = (self._seen << min(ahead, WINDOW) | 1) & (1 << WINDOW) - 1
            return extended, slot, True
        bit = 1 << min(-ahead, WINDOW)
        is_new = not self._seen & bit
        self._seen |= bit if -ahead < WINDOW else 0
        return extended, slot, is_new

    def _begin(self, sequence: int, timestamp: int) -> None:
        """The first packet of a timeline has slot 0."""
        self._anchor, self._origin, self._seen = (sequence, timestamp), timestamp, 1
        self._now = 0
        self._slot, self._played = 1 - self.first, -STRAYED

    def _is_after_a_pause(self, extended: int, slot: int) -> bool:
        """A long way ahead in time but not in sequence: the sender was silent, and said nothing."""
        return self._anchor is not None and slot > self._slot and 0 < extended - self._anchor[0] <= self.maximum

    def _aim(self) -> None:
        """Set the depths, in ticks from a slot's number to its playing."""
        least, reach = self._lateness.least, self.maximum - 1
        self._needed = self._lateness.most(reach)
        if len(self._lateness) < KNOWN:
            self._needed = max(self._needed, least + self.first - 1)
        self._wanted = min(self._needed + (self._loss > LOSSY), least + reach)

    def _is_of_a_stall(self, slot: int) -> bool:
        """Whether it comes right behind the one before it, both too late: nothing came for a while, and then all of it. However long it
        was, that happened once; a network that does so all the time is known by the first packet of each."""
        return self._came == (self._now, slot - 1) and self._now - slot > self._needed

    def _came_late(self, sequence: int, timestamp: int, payload: bytes, level: int | None, part: float) -> None:
        self.counters.late += 1
        self._late_run += 1
        if self._late_run >= STRAYED:
            self.counters.restarted += 1
            self.restart()
            self.push(sequence, timestamp, payload, level, part)

    def _bound(self, newest: int) -> None:
        """Hold `maximum` slots at most: what is older than that gives way, down to the depth that is wanted."""
        if newest - (min(self._held) if self._resting else self._slot) < self.maximum:
            return
        depth = max(1, min(self.maximum, self._wanted - self._lateness.least + 1))
        keep_from = newest - depth + 1
        for slot in [slot for slot in self._held if slot < keep_from]:
            self.counters.overflow += 1
            self._sequence = max(self._sequence or 0, self._held.pop(slot).sequence)
        if not self._resting:
            self._slot, self._starved = keep_from, 0
        self._played = max(self._played, keep_from - 1)

    # -- going out

    def _play(self, quiet: bool) -> Held | Missing:
        if self._resting:
            return self._rest()
        if not self._held:
            return self._starve()
        if self._starved:
            self._catch_up()
        if quiet and self.surplus < 0:
            self.counters.stretched += 1
            return SILENT
        frame = self._held.get(self._slot)
        return self._gap() if frame is None else self._take(frame)

    def _take(self, frame: Held) -> Held:
        del self._held[frame.slot]
        self._resting = False
        self._played = frame.slot
        self._slot = frame.slot + 1
        self._sequence = frame.sequence
        self._dtx = len(frame.payload) <= DTX_BYTES
        self._loss -= self._loss / MEMORY
        return frame

    def _rest(self) -> Held | Missing:
        """The sender is silent: whatever comes first is played when its time has come, also if that has passed."""
        due = self._now - self._wanted
        first = min(self._held, default=None)
        if first is not None and first <= due:
            return self._take(self._held[first])
        self._slot = due + 1 if first is None else min(first, due + 1)
        return SILENT

    def _starve(self) -> Missing:
        """Nothing is held: wait in place, unless the sender said that it would be silent; then time passes."""
        if not self._dtx:
            self._starved += 1
            if self._starved <= PATIENCE:
                return LOST
        self._resting, self._starved = True, 0
        self._rest()
        return SILENT

    def _catch_up(self) -> None:
        """Packets come again. Of the slots that are missing for good, those that were waited out have been heard already."""
        moved = min(self._starved, max(0, min(self._held) - self._slot))
        self._starved = 0
        self._slot += moved
        self.counters.lost += moved
        for _ in range(moved):
            self._missed()

    def _gap(self) -> Missing:
        """An empty slot with packets behind it: lost, if a sequence number is missing too. It may still come in a shallow
        buffer: then it is waited for, as its place sounds the same now and later."""
        following = self._held[min(self._held)]
        is_lost = self._sequence is not None and following.sequence != self._sequence + 1
        if is_lost and self._now - self._slot < self._needed:
            self.counters.stretched += 1
            return LOST
        self._played = self._slot
        self._slot += 1
        if self._sequence is None or not is_lost:
            return SILENT
        self._sequence += 1
        self.counters.lost += 1
        self._missed()
        return LOST

    def _missed(self) -> None:
        self._loss += (1 - self._loss) / MEMORY
        self._aim()

    def _watch(self) -> None:
        """Remember how deep it was at least since it was last far too deep, or had not been watched for long."""
        surplus = self.surplus
        if surplus < FAR:
            self._watched, self._least_surplus = 0, self.maximum
        else:
            self._watched += 1
            self._least_surplus = min(self._least_surplus, surplus)


def _nearest(value: int, reference: int, turn: int) -> int:
    """`value` plus the whole turns that bring it nearest to `reference`."""
    half = turn // 2
    return reference + (value - reference + half) % turn - half
