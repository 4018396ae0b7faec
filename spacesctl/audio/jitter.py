"""The jitter buffer of one lane: takes packets as they arrive, and gives one frame per tick.

Each packet has a *slot*, its place in frames since the first packet (`Timeline`). A slot without a packet was lost if the sequence numbers
around it have a gap; otherwise the sender was silent and sent nothing (DTX). A packet that is longer than a frame fills several slots: the
first holds it, and the others hold `REST`. A lost packet may also come as a copy in a later one (RED): a copy says nothing about how long
the network takes, but that it pays to wait for copies.

The *depth* is how many ticks after its own number a slot is played. It follows what recent packets needed (`PlayoutDelay`), and so it
also follows the sender's clock, which runs a little faster or slower than ours. It grows where that is not audible: by waiting a tick
while nobody talks, or in place of a missing frame. When the buffer is empty, playout waits. It shrinks when the caller drops a frame
that is not audible (`shed`), and during continuous talk only when it is far too deep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from spacesctl.audio.playout_delay import PlayoutDelay
from spacesctl.audio.timeline import Place, Timeline

TARGET: Final = 3
"""Frames of depth before the network's jitter is known: 60 ms."""
MAXIMUM: Final = 10
"""Frames held at most: 200 ms."""
KNOWN: Final = 50
"""Packets after which the network's jitter is known: 1 s."""
PATIENCE: Final = 10
"""Ticks without any packet after which it counts as silence."""
STRAYED: Final = 50
"""The distance in slots from the one that plays now, or the number of consecutive late packets, that mean that the sender began a new
timeline."""
TRIM_TICKS: Final = 100
"""Ticks in a row in which the buffer must have been far too deep before a frame is dropped while somebody talks: 2 s."""
FAR: Final = 3
"""Surplus in frames from which the buffer is far too deep."""
LOSSY: Final = 0.001
"""The share of lost frames above which it pays to wait for the packet after a lost one, which may hold a copy (FEC). A single loss
counts for 7 s. Where lost packets are sent again, few stay lost, but those must be repaired by FEC as well."""
MEMORY: Final = 256
"""Frames over which that share is averaged."""
DTX_BYTES: Final = 2
"""Bytes. An Opus packet this short announces silence (RFC 6716, 2.1.9)."""


class Missing(Enum):
    """Why a tick has no frame."""

    LOST = "lost"
    SILENT = "silent"


LOST: Final = Missing.LOST
"""The frame was lost, or has not arrived in time."""
SILENT: Final = Missing.SILENT
"""The sender is silent, or the buffer waits a tick to become deeper."""


REST: Final = b""
"""The payload of the further slots of a packet that is longer than a frame."""


class Held(NamedTuple):
    """A packet in the buffer. `sequence` is extended; `level` is the sender's measurement (RFC 6464) in dBov from -127 to 0, or None;
    `is_copy` says that it was lost and came in another one."""

    sequence: int
    slot: int
    payload: bytes
    level: int | None
    is_copy: bool = False


@dataclass(slots=True)
class Counters:
    """Counts of packets and frames. `late`, `duplicate` and `overflow` packets were dropped; `lost` frames were missing, of which for
    `repaired` ones the next packet had arrived; `recovered` ones were lost and played from a copy (RED); `stretched` ticks were inserted
    and `skipped` frames left out to change the depth; `restarted` counts new timelines."""

    late: int = 0
    duplicate: int = 0
    overflow: int = 0
    lost: int = 0
    repaired: int = 0
    recovered: int = 0
    stretched: int = 0
    skipped: int = 0
    restarted: int = 0


@dataclass(slots=True)
class JitterBuffer:
    """The jitter buffer. `samples` is the length of a frame in samples at 48 kHz. `first` (the depth at the beginning) and `maximum` (the
    most that is held) count packets."""

    first: int = TARGET
    maximum: int = MAXIMUM
    samples: int = 960
    counters: Counters = field(default_factory=Counters)
    _held: dict[int, Held] = field(default_factory=dict)
    _playout_delay: PlayoutDelay = field(default_factory=PlayoutDelay)
    _now: int = 0  # the number of the next pop
    _slot: int = 0  # the slot that the next pop plays
    _played: int = -STRAYED  # the newest slot that was played or given up
    _sequence: int | None = None  # extended sequence number of the last frame played
    _resting: bool = True  # the sender is silent: slots pass unplayed, at the wanted depth
    _dtx: bool = False  # the last frame played announced silence
    _starved: int = 0  # consecutive ticks with an empty buffer
    _late_run: int = 0  # consecutive late packets
    _came: tuple[int, int] = (0, -STRAYED)  # the tick before which the last packet arrived, and its slot
    _timeline: Timeline = field(init=False)
    _loss: float = 0.0  # the averaged share of lost frames
    _needed: int = 0  # the depth at which nearly all packets arrive in time
    _wanted: int = 0  # that, and one more if losses make FEC worthwhile
    _least_surplus: int = MAXIMUM  # the least surplus while it was watched
    _watched: int = 0  # consecutive ticks in which it was far too deep

    def __post_init__(self) -> None:
        self._timeline = Timeline(self.samples)

    def __len__(self) -> int:
        return len(self._held)

    @property
    def began(self) -> bool:
        """Whether a packet has come since the last restart."""
        return self._timeline.newest is not None

    @property
    def surplus(self) -> int:
        """Ticks by which the buffer is deeper than needed; negative when it is too shallow."""
        return self._now - self._slot - self._wanted

    @property
    def depth(self) -> int:
        """Ticks from the one in which the quickest packet could be played to the one in which it is played, both included. 0 before the
        first packet."""
        return self._now - self._slot - self._playout_delay.least + 1 if self._playout_delay else 0

    def push(
        self, sequence: int, timestamp: int, payload: bytes, level: int | None = None, part: float = 0.5, span: int = 1
    ) -> None:
        """Take a packet: `sequence` (u16) and `timestamp` (u32, 48 kHz) as in RTP (RFC 3550), wrapping; `level` in dBov or None. `part` is
        the time since the last `pop`, in ticks: below 1 if pops are on time. `span` is its length in frames."""
        extended, slot, is_new = self._place(sequence, timestamp, span)
        held = self._held.get(slot)
        is_original = held is not None and held.is_copy and held.sequence == extended  # its copy was quicker
        if not is_original and (held is not None or not is_new):
            self.counters.duplicate += 1
            return
        if not self._is_of_a_stall(slot):
            self._playout_delay.add(self._now, slot, part)
            self._aim()
        self._came = (self._now, slot)
        if self._is_late(slot):
            self._came_late(sequence, timestamp, payload, level, part, span)
            return
        self._late_run = 0
        self._hold(Held(extended, slot, payload, level), span)

    def recover(self, sequence: int, timestamp: int, payload: bytes, span: int = 1) -> None:
        """Take a copy of a packet that has not come (see `lacks`), unless it is too late or too far away: only a packet itself begins a
        timeline. The arguments are those of `push`."""
        newest = self._timeline.newest
        if newest is None:
            return
        place = self._timeline.place(newest, sequence, timestamp)
        if abs(place.slot - self._slot) > STRAYED or place.slot in self._held or self._is_late(place.slot):
            return
        if self._timeline.add(place, span):
            self._hold(Held(place.sequence, place.slot, payload, None, is_copy=True), span)

    def lacks(self, sequence: int) -> bool:
        """Whether the packet with this sequence number (u16) has not come."""
        return self._timeline.lacks(sequence)

    def pop(self, quiet: bool = False) -> Held | Missing:
        """The packet to play in this tick, or why there is none. `quiet` says that nobody talks on the lane, so that a tick may be inserted
        inaudibly."""
        if self._timeline.newest is None:
            return SILENT
        item = self._play(quiet)
        self._now += 1
        self._watch()
        return item

    def shed(self, quiet: bool) -> bool:
        """After a `pop`: whether the caller should drop or blend its frame and `pop` once more for the same tick, to reduce the depth.
        `quiet` says that nobody talks on the lane."""
        too_deep = self.surplus > 0 if quiet else self._watched >= TRIM_TICKS and self._least_surplus >= FAR
        if not too_deep or self._slot not in self._held:
            return False
        self.counters.skipped += 1
        self._now -= 1
        self._watched, self._least_surplus = 0, self.maximum
        return True

    def passed(self, ticks: int) -> None:
        """Count `ticks` in which `pop` was not called. Held packets are played that much later; packets do not count as late for it."""
        self._now += ticks

    def following(self) -> bytes | None:
        """After a `pop` that returned LOST: the packet right after the lost one, if it has arrived. It may carry a copy of it (FEC)."""
        frame = self._held.get(self._slot)
        return frame.payload or None if frame else None

    def missing(self) -> list[int]:
        """The extended sequence numbers of packets that have not arrived although later ones have, and that would still be played."""
        found, before = list[int](), self._sequence
        for held in sorted(self._held.values()):
            if before is not None:
                first = max(before + 1, held.sequence - (held.slot - self._slot))
                found += range(max(first, held.sequence - self.maximum), held.sequence)
            before = held.sequence
        return found

    def restart(self) -> None:
        """Drop all packets and begin anew with the next one, as when the sender changes."""
        self._held.clear()
        self._playout_delay.clear()
        self._timeline.clear()
        self._sequence = None
        self._resting, self._dtx = True, False
        self._starved = self._late_run = self._watched = 0
        self._least_surplus = self.maximum

    # -- incoming packets

    def _place(self, sequence: int, timestamp: int, span: int) -> tuple[int, int, bool]:
        """The packet's extended sequence number, its slot, and whether it is new (no duplicate)."""
        newest = self._timeline.newest
        if newest is None:
            place = self._begin(sequence, timestamp, span)
            return place.sequence, place.slot, True
        place = self._timeline.place(newest, sequence, timestamp)
        if abs(place.slot - self._slot) > STRAYED and not self._is_after_a_pause(place):
            self.counters.restarted += 1
            self.restart()
            return self._place(sequence, timestamp, span)
        return place.sequence, place.slot, self._timeline.add(place, span)

    def _begin(self, sequence: int, timestamp: int, span: int) -> Place:
        """Begin a timeline with its first packet."""
        self._now = 0
        self._slot, self._played = 1 - self.first, -STRAYED
        return self._timeline.begin(sequence, timestamp, span)

    def _is_after_a_pause(self, place: Place) -> bool:
        """Whether a packet is far ahead in time but not in sequence: the sender was silent and sent nothing."""
        return place.slot > self._slot and 0 < place.ahead <= self.maximum

    def _aim(self) -> None:
        """Set the needed and the wanted depth, in ticks from a slot's number to its playout. Before any packet was measured they stay."""
        if not self._playout_delay:
            return
        least, reach = self._playout_delay.least, self.maximum - 1
        self._needed = self._playout_delay.most(reach)
        if len(self._playout_delay) < KNOWN:
            self._needed = max(self._needed, least + self.first - 1)
        self._wanted = min(self._needed + (self._loss > LOSSY), least + reach)

    def _is_of_a_stall(self, slot: int) -> bool:
        """Whether a packet arrived in the same tick as the one before it, and too late: the network stalled and then delivered everything
        at once. However long the stall was, it happened once, so only the first packet after it counts for the playout delay. If stalls
        are frequent, those first packets are enough to learn it."""
        return self._came == (self._now, slot - 1) and self._now - slot > self._needed

    def _is_late(self, slot: int) -> bool:
        return slot <= self._played or (not self._resting and slot < self._slot)

    def _hold(self, held: Held, span: int) -> None:
        self._held[held.slot] = held
        for rest in range(held.slot + 1, held.slot + span):
            self._held.setdefault(rest, held._replace(slot=rest, payload=REST))
        self._bound(max(self._held))

    def _came_late(
        self, sequence: int, timestamp: int, payload: bytes, level: int | None, part: float, span: int
    ) -> None:
        self.counters.late += 1
        self._late_run += 1
        if self._late_run >= STRAYED:
            self.counters.restarted += 1
            self.restart()
            self.push(sequence, timestamp, payload, level, part, span)

    def _bound(self, newest: int) -> None:
        """Hold `maximum` slots at most. When `newest` is beyond that, drop the oldest packets down to the wanted depth."""
        if newest - (min(self._held) if self._resting else self._slot) < self.maximum:
            return
        depth = max(1, min(self.maximum, self._wanted - self._playout_delay.least + 1))
        keep_from = newest - depth + 1
        for slot in [slot for slot in self._held if slot < keep_from]:
            self.counters.overflow += 1
            self._sequence = max(self._sequence or 0, self._held.pop(slot).sequence)
        if not self._resting:
            self._slot, self._starved = keep_from, 0
        self._played = max(self._played, keep_from - 1)

    # -- playout

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
        self._dtx = 0 < len(frame.payload) <= DTX_BYTES
        if frame.is_copy:  # waiting paid, as it does for a lost packet that is repaired
            self.counters.recovered += 1
            self._missed()
        else:
            self._loss -= self._loss / MEMORY
        return frame

    def _rest(self) -> Held | Missing:
        """The sender is silent: the next packet is played as soon as it is due, also when its time has passed."""
        due = self._now - self._wanted
        first = min(self._held, default=None)
        if first is not None and first <= due:
            return self._take(self._held[first])
        self._slot = due + 1 if first is None else min(first, due + 1)
        return SILENT

    def _starve(self) -> Missing:
        """The buffer is empty: stay at the present slot, unless the sender announced silence or nothing came for `PATIENCE` ticks; then
        slots pass as in silence."""
        if not self._dtx:
            self._starved += 1
            if self._starved <= PATIENCE:
                return LOST
        self._resting, self._starved = True, 0
        self._rest()
        return SILENT

    def _catch_up(self) -> None:
        """Packets arrive again. Skip the slots that are lost for good and were already concealed while the buffer was empty."""
        moved = min(self._starved, max(0, min(self._held) - self._slot))
        self._starved = 0
        self._slot += moved
        self.counters.lost += moved
        for _ in range(moved):
            self._missed()

    def _gap(self) -> Missing:
        """An empty slot with packets after it: lost if a sequence number is missing too, otherwise silent. When the buffer is shallower
        than needed, a lost packet may still arrive, so the slot is kept for the next tick: concealment sounds the same now or later."""
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
        """Track for how many ticks the buffer has been far too deep, and its least surplus in that time."""
        surplus = self.surplus
        if surplus < FAR:
            self._watched, self._least_surplus = 0, self.maximum
        else:
            self._watched += 1
            self._least_surplus = min(self._least_surplus, surplus)
