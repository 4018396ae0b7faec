"""One microphone of a Space: from its packets to the frame that is mixed in each tick."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import numpy as np

from spacesctl.audio.activity import INAUDIBLE, SILENCE, Activity, Meter
from spacesctl.audio.concealment import Concealer
from spacesctl.audio.fades import blended, cut_short, faded_in, ramped
from spacesctl.audio.jitter import LOST, MAXIMUM, SILENT, TARGET, Counters, Held, JitterBuffer, Missing
from spacesctl.audio.loudness import Leveller
from spacesctl.audio.mix import gained
from spacesctl.audio.opus import FRAME, RATE, Encoder, OpusError, Pcm, packet_samples
from spacesctl.engine.messages import FLAG_ACTIVE, FLAG_LOST
from spacesctl.engine.seam import SILENT as SILENT_TICK
from spacesctl.engine.seam import Taken
from spacesctl.rtc.red import Copy
from spacesctl.support.budget import Budget

UPLINK: Final = ""
"""The feeder name of a program that sends by `Uplink`. A peer's feeder name is its own name."""
PACE: Final = 2.0
"""Seconds of sound that a lane takes in a second, on average: a sender's clock may run off a little, nobody speaks twice as fast."""
BURST: Final = 4.0
"""Seconds of sound that may come at once, after the network has stalled."""


class Lane:
    """A microphone as a source. Its packets come from one feeder at a time: an `up` peer, or a program by `Uplink`.

    `heard` is whether the lane is open (in every mix) or shut; in the tick after it was shut, its sound fades out within 5 ms. `gain` is a
    constant factor; loudness levelling comes on top of it, in the room, where the frames of all lanes are levelled at once.
    """

    def __init__(self, number: int, heard: bool, gain: float = 1.0) -> None:
        self.number = number
        self.heard = heard
        self.gain = gain
        self.feeder = UPLINK
        self.level = SILENCE
        """The level of the loudest frame since the last call of `told`, in dBov."""
        self.activity = Activity()
        self.leveller = Leveller()
        self.counters = Counters()
        self._meter = Meter()
        self._told_clipped = 0
        self._budget = Budget(PACE * RATE, BURST * RATE)
        self._jitter = JitterBuffer(counters=self.counters)
        self._concealer = Concealer()
        self._popped: float | None = None
        self._tick: int | None = None
        self._owed = 0  # samples that a shut lane still has to discard
        self._is_mixed = False  # packets of several lengths came: each is held as frames of a common length
        self._is_ending = False  # it was shut, and what it was saying has to fade out
        self._pending: Pcm = np.zeros(0, np.int16)
        self._encoder: Encoder | None = None

    def admit(self, feeder: str) -> bool:
        """Whether the lane takes packets from this feeder; only this method decides it. The peer that joined last feeds the lane. While no
        peer feeds it, the first peer that sends a packet becomes its feeder."""
        if self.feeder == UPLINK and feeder != UPLINK:
            self.attach(feeder)
        return self.feeder == feeder

    def attach(self, feeder: str) -> None:
        """Make a peer the only feeder of the lane, and drop the packets held from others."""
        self.feeder = feeder
        self._jitter.restart()
        self._concealer = Concealer()
        self._pending = self._pending[:0]

    def release(self, feeder: str) -> None:
        """A peer left: if it fed the lane, another feeder may take over."""
        if self.feeder == feeder:
            self.feeder = UPLINK

    def push(self, sequence: int, timestamp: int, payload: bytes, level: int | None, now: float) -> bool:
        """Take a packet from the lane's feeder: `sequence` (u16) and `timestamp` (u32, 48 kHz) as in RTP, the Opus `payload`, `level` in
        dBov (RFC 6464) or None, and its arrival `now` in monotonic seconds. Returns False when it is dropped because more sound came than
        time passed. Raises OpusError when `payload` is not Opus."""
        samples = packet_samples(payload)
        if not self._budget.take(samples, now):
            return False
        if samples % self._jitter.samples or (samples != self._jitter.samples and not self._is_mixed):
            self._change_length(samples)
        frame = self._jitter.samples
        part = 0.0 if self._popped is None else (now - self._popped) * RATE / frame
        self._jitter.push(sequence, timestamp, payload, level, min(part, MAXIMUM), samples // frame)
        return True

    def recover(self, sequence: int, timestamp: int, copies: Sequence[Copy], now: float) -> None:
        """Take copies of earlier packets, the oldest first, that came in the packet with this `sequence` and `timestamp`: each that was
        lost and is still in time. Call it before the `push` of that packet. Raises OpusError when a copy is not Opus."""
        for position, copy in zip(range(len(copies), 0, -1), copies, strict=True):
            samples = packet_samples(copy.payload)
            # A sender may leave out copies in between, or have sent nothing for a while.
            number = sequence - max(position, round(copy.offset / samples)) & 0xFFFF
            if self._is_lost(number, samples) and self._budget.take(samples, now):
                self._jitter.recover(number, timestamp - copy.offset, copy.payload, samples // self._jitter.samples)

    def _is_lost(self, sequence: int, samples: int) -> bool:
        """Whether a packet of `samples` has not come, and fits those that have."""
        fits = samples == self._jitter.samples or (self._is_mixed and samples % self._jitter.samples == 0)
        return fits and self._jitter.lacks(sequence)

    def missing(self) -> list[int]:
        """Extended sequence numbers of missing packets that would still be in time if the sender sent them again."""
        return self._jitter.missing() if self.heard else []

    def take(self, tick: int, now: float) -> Taken:
        """The frame of this tick. A shut lane gives silence; its packets are discarded at the same pace."""
        if self._tick is not None and tick > self._tick + 1:
            self._jitter.passed((tick - self._tick - 1) * FRAME // self._jitter.samples)
        self._tick, self._popped = tick, now
        if self._is_ending:
            return self._end()
        if not self.heard:
            self._discard()
            return SILENT_TICK
        return self._frame()

    def set_open(self, heard: bool) -> None:
        """Open or shut the lane in every mix. When it shuts, the next frame is its last, and fades out at its beginning."""
        if self.heard and not heard:
            self._is_ending = True
        self.heard = heard

    def _frame(self) -> Taken:
        if self._is_mixed:
            return self._cut()
        return self._whole() if self._jitter.samples == FRAME else self._repacked()

    def _end(self) -> Taken:
        """The last frame, cut short. What was decoded and not mixed is dropped, and whatever comes next begins anew."""
        pcm = self._frame().pcm
        self._is_ending = False
        self._pending = self._pending[:0]
        self.activity = Activity()
        self._concealer = Concealer()
        return SILENT_TICK if pcm is None else Taken(0, None, cut_short(pcm))

    def told(self) -> int:
        """The loudest level since the previous call, in dBov; starts a new measurement."""
        level, self.level = self.level, SILENCE
        return level

    def quality(self) -> tuple[int, int]:
        """How many frames of talk reached full scale since the previous call, and the noise floor in dBov."""
        clipped, self._told_clipped = self.leveller.clipped - self._told_clipped, self.leveller.clipped
        return clipped, self.activity.floor

    def counted(self) -> dict[str, int]:
        """The counters of its jitter buffer, as `frames_late`, `frames_lost` and so on."""
        return {f"frames_{name}": count for name, count in asdict(self.counters).items()}

    # -- packets of 20 ms are passed on unchanged

    def _whole(self) -> Taken:
        taken = self._next()
        if not self._jitter.shed(quiet=not self.activity.active):
            return taken
        following = self._next()  # two frames are blended into one tick
        if taken.pcm is None or following.pcm is None:
            return following
        return following._replace(pcm=blended(taken.pcm, following.pcm))

    def _next(self) -> Taken:
        frame = self._pop()
        if frame is LOST:
            return self._said(FLAG_LOST, b"", self._conceal(FRAME))
        if frame is not SILENT:
            return self._came(frame)
        was_active = self.activity.active
        is_active = self.activity.update(SILENCE)
        noise = self._concealer.rested() if was_active else None
        if noise is None:
            return SILENT_TICK
        noise = gained(noise, self.gain)
        return Taken(FLAG_ACTIVE, None, noise if is_active else ramped(noise, 1, 0))

    def _pop(self) -> Held | Missing:
        return self._jitter.pop(quiet=not self.activity.active)

    def _came(self, frame: Held) -> Taken:
        quiet = frame.level is not None and frame.level <= INAUDIBLE
        if quiet and not self.activity.active:
            self.activity.update(SILENCE)
            return Taken(0, frame.payload, None)
        try:
            pcm = self._concealer.came(frame.payload)
        except OpusError:
            return self._said(FLAG_LOST, b"", self._conceal(FRAME))
        return self._said(0, frame.payload, pcm)

    def _conceal(self, samples: int) -> Pcm | None:
        """Concealment for a lost packet of `samples`. None while nobody talks, or when too much was lost in a row."""
        if not self.activity.active:
            return None
        following = self._jitter.following()
        self.counters.repaired += following is not None
        return self._concealer.lost(samples, following)

    def _said(self, flags: int, payload: bytes, pcm: Pcm | None) -> Taken:
        """Measure a frame and decide whether it is mixed: only while somebody talks. The first frame of talk is faded in and the last one
        faded out, so that background noise does not start or stop abruptly."""
        was_active = self.activity.active
        if pcm is None or len(pcm) != FRAME:
            self.activity.update(SILENCE)
            return Taken(flags, payload, None)
        pcm = gained(pcm, self.gain)
        level = self._meter.level(pcm)
        self.level = max(self.level, level)
        is_active = self.activity.update(level)
        if not is_active and not was_active:
            return Taken(flags, payload, None)
        if not is_active:
            pcm = ramped(pcm, 1, 0)
        elif not was_active:
            pcm = faded_in(pcm)
        return Taken(flags | FLAG_ACTIVE, payload, pcm, said=is_active and not flags)

    # -- packets of any other length are decoded, cut into ticks and encoded again

    def _change_length(self, samples: int) -> None:
        """A packet of `samples` samples came: start a new jitter buffer with the same 60 and 200 ms, counted in such packets. When there
        were others before, packets may alternate from now on, and are held as frames of the greatest length that divides all of them."""
        if self._jitter.began:
            self._is_mixed = True
            samples = math.gcd(samples, self._jitter.samples, FRAME)
        self._jitter = JitterBuffer(
            first=max(1, TARGET * FRAME // samples),
            maximum=max(3, MAXIMUM * FRAME // samples),
            samples=samples,
            counters=self.counters,
        )
        self._pending = self._pending[:0]

    def _cut(self) -> Taken:
        """A tick of packets of several lengths: each is decoded when its first frame is due, and its other frames are cut from it."""
        parts, lost, payload = list[Pcm](), False, b""
        while sum(map(len, parts)) < FRAME:
            held = self._pop()
            if self._jitter.shed(quiet=not self.activity.active):
                held = self._pop()
            part = self._part(held)
            lost |= held is LOST or (part is None and isinstance(held, Held))
            payload = held.payload if isinstance(held, Held) else b""
            parts.append(np.zeros(self._jitter.samples, np.int16) if part is None else part)
        pcm = np.concatenate(parts)
        if not pcm.any() and not self.activity.active:
            self.activity.update(SILENCE)
            return self._said(FLAG_LOST, b"", None) if lost else SILENT_TICK
        if lost or len(parts) > 1 or len(self._pending) or not payload:
            self._encoder = self._encoder or Encoder()
            payload = self._encoder.encode(pcm)
        return self._said(FLAG_LOST if lost else 0, payload, pcm)

    def _part(self, held: Held | Missing) -> Pcm | None:
        """The sound of one frame of a packet, or what takes its place."""
        samples = self._jitter.samples
        if held is LOST:
            self._pending = self._pending[:0]
            return self._conceal(samples)
        if not isinstance(held, Held):
            return self._concealer.rested(samples) if self.activity.active else None
        if held.payload:
            decoded = self._decoded(held)
            self._pending = self._pending[:0] if decoded is None else decoded
        part, self._pending = self._pending[:samples], self._pending[samples:]
        return part if len(part) == samples else self._conceal(samples)

    def _repacked(self) -> Taken:
        lost = self._refill()
        frame, self._pending = self._pending[:FRAME], self._pending[FRAME:]
        if lost and not frame.any():
            return self._said(FLAG_LOST, b"", None)
        if not frame.any() and not self.activity.active:
            self.activity.update(SILENCE)
            return SILENT_TICK
        self._encoder = self._encoder or Encoder()
        return self._said(FLAG_LOST if lost else 0, self._encoder.encode(frame), frame)

    def _refill(self) -> bool:
        """Decode packets until there is enough for a tick. Returns whether one of them was lost."""
        lost, samples = False, self._jitter.samples
        while len(self._pending) < FRAME:
            packet = self._pop()
            pcm: Pcm | None = None
            if packet is LOST:
                lost, pcm = True, self._conceal(samples)
            elif packet is not SILENT:
                pcm = self._decoded(packet)
                lost |= pcm is None
            elif self.activity.active:
                pcm = self._concealer.rested(samples)
            if not self._is_unheard(pcm) or not self._jitter.shed(quiet=True):
                self._pending = np.concatenate((self._pending, np.zeros(samples, np.int16) if pcm is None else pcm))
        return lost

    def _decoded(self, packet: Held) -> Pcm | None:
        try:
            return self._concealer.came(packet.payload)
        except OpusError:
            return None

    def _is_unheard(self, pcm: Pcm | None) -> bool:
        return not self.activity.active and (
            pcm is None or not self.activity.would_open(self._meter.level(pcm[:FRAME]))
        )

    def _discard(self) -> None:
        """Discard the packets of one tick."""
        self._owed += FRAME
        while self._owed >= self._jitter.samples:
            self._owed -= self._jitter.samples
            self._pop()
