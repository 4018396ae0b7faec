"""One open microphone: what of it is heard in a tick."""

from __future__ import annotations

from dataclasses import asdict
from time import monotonic
from typing import Final, NamedTuple

import numpy as np

from spacesctl.audio.activity import INAUDIBLE, SILENCE, Activity, Meter
from spacesctl.audio.concealment import RETURN, Concealer, blended, ramped
from spacesctl.audio.jitter import LOST, MAXIMUM, TARGET, Counters, Held, JitterBuffer, Missing
from spacesctl.audio.loudness import Leveller
from spacesctl.audio.mix import gained
from spacesctl.audio.opus import FRAME, RATE, Encoder, OpusError, Pcm, packet_samples
from spacesctl.engine.messages import FLAG_ACTIVE, FLAG_LOST

UPLINK: Final = ""
"""The source of frames that come by `Uplink`; peers are sources by their name."""


class Taken(NamedTuple):
    """A lane's part of a tick. `payload` is None when the lane said nothing, empty when its frame was lost; `pcm` is the
    gained frame that is mixed once it is levelled, None when nothing is; `said` is whether the voice said it itself."""

    flags: int
    payload: bytes | None
    pcm: Pcm | None
    said: bool = False


NOTHING: Final = Taken(0, None, None)


class Lane:
    """A lane and its gate. One source at a time feeds it: an `up` peer, or a program by `Uplink`.

    `gain` is what somebody set; the levelling to the loudness of all voices comes on top, in the mix alone, where the frames of
    all lanes are levelled at once.
    """

    def __init__(self, number: int, heard: bool, gain: float = 1.0) -> None:
        self.number = number
        self.heard = heard
        self.gain = gain
        self.source = UPLINK
        self.level = SILENCE
        """The loudest frame since `levels_told`, in dBov."""
        self.activity = Activity()
        self.leveller = Leveller()
        self.counters = Counters()
        self._meter = Meter()
        self._jitter = JitterBuffer(counters=self.counters)
        self._restorer = Concealer()
        self._popped = monotonic()
        self._tick: int | None = None
        self._owed = 0  # samples that a shut lane still has to let go by
        self._pending: Pcm = np.zeros(0, np.int16)
        self._encoder: Encoder | None = None

    def attach(self, source: str) -> None:
        """From now on only `source` feeds the lane; what another sent is forgotten."""
        self.source = source
        self._jitter.restart()
        self._restorer = Concealer()

    def push(self, sequence: int, timestamp: int, payload: bytes, level: int | None = None) -> None:
        """A packet of its source. Raises `OpusError` when it is not Opus."""
        samples = packet_samples(payload)
        if samples != self._jitter.samples:
            self._change_length(samples)
        part = (monotonic() - self._popped) * RATE / samples
        self._jitter.push(sequence, timestamp, payload, level, min(part, MAXIMUM))

    def missing(self) -> list[int]:
        """Extended sequence numbers of packets that would still be heard, if their sender sent them again."""
        return self._jitter.missing() if self.heard else []

    def take(self, tick: int | None = None) -> Taken:
        """This tick's part. A shut lane is emptied at the same pace, and says nothing. `tick` is the tick's number, where some may
        be left out."""
        if tick is not None:
            if self._tick is not None and tick > self._tick + 1:
                self._jitter.passed((tick - self._tick - 1) * FRAME // self._jitter.samples)
            self._tick = tick
        if not self.heard:
            self._discard()
            return NOTHING
        return self._whole() if self._jitter.samples == FRAME else self._repacked()

    def shut(self, heard: bool) -> None:
        """Set the gate. What was decoded but not yet said is gone when it shuts."""
        self.heard = heard
        if not heard:
            self._pending = self._pending[:0]
            self.activity = Activity()
            self._restorer = Concealer()

    def told(self) -> int:
        """The level to tell, which begins anew."""
        level, self.level = self.level, SILENCE
        return level

    def counted(self) -> dict[str, int]:
        """What became of its packets, as `frames_late`, `frames_lost` and so on."""
        return {f"frames_{name}": count for name, count in asdict(self.counters).items()}

    # -- packets of 20 ms go on as they came

    def _whole(self) -> Taken:
        taken = self._next()
        if not self._jitter.shed(quiet=not self.activity.active):
            return taken
        following = self._next()  # one tick for two frames
        if taken.pcm is None or following.pcm is None:
            return following
        return following._replace(pcm=blended(taken.pcm, following.pcm))

    def _next(self) -> Taken:
        frame = self._pop()
        if isinstance(frame, Held):
            return self._came(frame)
        if frame is LOST:
            return self._said(FLAG_LOST, b"", self._conceal(FRAME))
        was_active = self.activity.active
        is_active = self.activity.update(SILENCE)
        noise = self._restorer.rested() if was_active else None
        if noise is None:
            return NOTHING
        noise = gained(noise, self.gain)
        return Taken(FLAG_ACTIVE, None, noise if is_active else ramped(noise, 1, 0))

    def _pop(self) -> Held | Missing:
        self._popped = monotonic()
        return self._jitter.pop(quiet=not self.activity.active)

    def _came(self, frame: Held) -> Taken:
        quiet = frame.level is not None and frame.level <= INAUDIBLE
        if quiet and not self.activity.active:
            self.activity.update(SILENCE)
            return Taken(0, frame.payload, None)
        try:
            pcm = self._restorer.came(frame.payload)
        except OpusError:
            return self._said(FLAG_LOST, b"", self._conceal(FRAME))
        return self._said(0, frame.payload, pcm)

    def _conceal(self, samples: int) -> Pcm | None:
        """Sound for a lost packet. None in silence, or when too many were lost."""
        if not self.activity.active:
            return None
        following = self._jitter.following()
        self.counters.repaired += following is not None
        return self._restorer.lost(samples, following)

    def _said(self, flags: int, payload: bytes, pcm: Pcm | None) -> Taken:
        """A frame, mixed as long as somebody talks; the one in which it ends fades, so that the noise behind is not cut off."""
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
            pcm = np.concatenate((ramped(pcm[:RETURN], 0, 1), pcm[RETURN:]))
        return Taken(flags | FLAG_ACTIVE, payload, pcm, said=is_active and not flags)

    # -- packets of any other length are cut to ticks and encoded again

    def _change_length(self, samples: int) -> None:
        """Packets now hold `samples`: the same 60 and 200 ms, counted in them."""
        self._jitter = JitterBuffer(
            first=max(1, TARGET * FRAME // samples),
            maximum=max(3, MAXIMUM * FRAME // samples),
            samples=samples,
            counters=self.counters,
        )
        self._pending = self._pending[:0]

    def _repacked(self) -> Taken:
        lost = self._refill()
        frame, self._pending = self._pending[:FRAME], self._pending[FRAME:]
        if lost and not frame.any():
            return self._said(FLAG_LOST, b"", None)
        if not frame.any() and not self.activity.active:
            self.activity.update(SILENCE)
            return NOTHING
        self._encoder = self._encoder or Encoder()
        return self._said(FLAG_LOST if lost else 0, self._encoder.encode(frame), frame)

    def _refill(self) -> bool:
        """Decode packets until there is a tick's worth. Whether one of them was lost."""
        lost, samples = False, self._jitter.samples
        while len(self._pending) < FRAME:
            packet = self._pop()
            pcm: Pcm | None = None
            if isinstance(packet, Held):
                pcm = self._decoded(packet)
                lost |= pcm is None
            elif packet is LOST:
                lost, pcm = True, self._conceal(samples)
            elif self.activity.active:
                pcm = self._restorer.rested(samples)
            if not self._is_unheard(pcm) or not self._jitter.shed(quiet=True):
                self._pending = np.concatenate((self._pending, np.zeros(samples, np.int16) if pcm is None else pcm))
        return lost

    def _decoded(self, packet: Held) -> Pcm | None:
        try:
            return self._restorer.came(packet.payload)
        except OpusError:
            return None

    def _is_unheard(self, pcm: Pcm | None) -> bool:
        return not self.activity.active and (
            pcm is None or not self.activity.would_open(self._meter.level(pcm[:FRAME]))
        )

    def _discard(self) -> None:
        """Let a tick's worth of packets go by."""
        self._owed += FRAME
        while self._owed >= self._jitter.samples:
            self._owed -= self._jitter.samples
            self._pop()
