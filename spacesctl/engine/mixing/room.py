"""One Space in the engine: its lanes, its outputs, and the work of a tick on them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Final

import numpy as np

from spacesctl.audio.activity import SILENCE
from spacesctl.audio.limiter import Limiters
from spacesctl.audio.loudness import Channel, LoudnessBank
from spacesctl.audio.mix import Mixer, Sum
from spacesctl.audio.opus import FRAME, Pcm
from spacesctl.audio.redactions import Stretch
from spacesctl.engine.clock import SpaceClock, timestamp
from spacesctl.engine.fanout.audience import Audience
from spacesctl.engine.fanout.packetizer import TICK_MS
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.messages import Aired, Frames, Levels, OpenSpace, Output
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.complexity import Complexity
from spacesctl.engine.mixing.delayed import Delayed
from spacesctl.engine.mixing.encoder_pool import EncoderPool
from spacesctl.engine.mixing.lane import Lane
from spacesctl.engine.mixing.tap import Tap
from spacesctl.engine.seam import Frame, Sink
from spacesctl.engine.transport.ports import Ports
from spacesctl.rtc.sealing import SealingError

log = logging.getLogger(__name__)
LOGGED: Final = 500
"""Failed ticks of lanes from one log entry to the next: a lane that fails in each tick fills no log."""
LATE: Final = 50
"""Ticks of delay from which on the audience may wait for long packets, and for lost ones to be sent again: one second."""


class Room:
    """A Space in the engine. Changes take effect at the next tick. A room without lanes and listeners is idle and need not be ticked.
    What is delayed and redacted is the audience's output alone.
    """

    def __init__(
        self, opened: OpenSpace, clock: SpaceClock, metrics: Metrics, ports: Ports, complexity: Complexity | None = None
    ) -> None:
        self.space = opened.space
        self.ssrc = opened.ssrc
        self.ptime_ms = opened.ptime_ms
        self.clock = clock
        self.lanes: dict[int, Lane] = {}
        self._closing: list[Lane] = []  # closed since the last tick: their sound has to fade out
        self._metrics = metrics
        self.delayed = Delayed(opened.delay)
        self._listeners: dict[str, tuple[int, Subscription | None]] = {}  # None: attached with a sink of its own
        self._audiences: dict[int, Audience] = {}  # by group, while anybody listens
        self._ports = ports
        self._taps: list[Tap] = []
        self._told_calm = False
        self._encoders = EncoderPool()
        self._complexity = complexity or Complexity()
        self._plan: dict[int, list[Sink]] | None = None  # sinks by output; None when it must be made again
        self._live = Mixer()
        self._own: dict[int, Pcm] = {}
        self._loudness = LoudnessBank()
        self._limiters = Limiters()
        self._sums: Sum = np.zeros((0, FRAME), np.int32)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do in a tick."""
        return not (self.lanes or self._closing or self._listeners) and self.delayed.clock.is_settled

    # -- changes by control and peers

    def open_lane(self, number: int, heard: bool) -> None:
        """Create a lane; `heard` is whether it begins open."""
        self.lanes[number] = Lane(number, heard)
        self.delayed.open(number)
        self._plan = None

    def close_lane(self, number: int) -> None:
        """Remove a lane. Its sound fades out in the next tick, and what is still in its delay line reaches the audience. Does nothing for
        an unknown lane."""
        lane = self.lanes.pop(number, None)
        if lane is not None:
            lane.set_open(False)
            self._closing.append(lane)
            self._metrics.counters.update(lane.counted())
        self._encoders.close(number)
        self._plan = None

    def set_delay(self, delay: int, *, now: bool = False) -> None:
        """Let the audience hear the stage `delay` ticks later, as soon as it can be done unheard; `now`: by a silence at once. Raises
        ValueError for a delay that no line can have."""
        self.delayed.aim(delay, now=now)
        if Output.AUDIENCE in self._audiences:
            self._audiences[Output.AUDIENCE].is_late = delay >= LATE
        self._plan = None

    def redact(self, name: str, stretch: Stretch, *, cut: bool = False) -> int:
        """Keep a stretch of a lane from the audience. Returns the first of its ticks that it does not hear. Raises ValueError when it is
        reversed."""
        return self.delayed.redact(name, stretch, cut=cut)

    def tap(self, groups: Iterable[int]) -> None:
        """Send control every frame of these groups, in place of those of the previous call."""
        for tap in self._taps:
            self.leave(tap.name)
        self._taps = [Tap(group) for group in dict.fromkeys(groups)]
        for tap in self._taps:
            self.attach(tap.name, tap.group, tap)

    def subscribe(self, name: str, group: int, subscription: Subscription) -> None:
        """Send a group to a listener from the next tick on. If the listener is there already, it moves to this group. Raises SealingError
        when its packets cannot be encrypted."""
        self.leave(name)
        try:
            self._audience(group).add(name, subscription)
        except SealingError:
            self._drop_if_empty(group)
            raise
        self._listeners[name] = (group, subscription)

    def attach(self, name: str, group: int, sink: Sink) -> None:
        """Send the frames of a group to a sink from the next tick on. If the name is there already, it moves to this group and sink."""
        self.leave(name)
        self._audience(group).attach(name, sink)
        self._listeners[name] = (group, None)

    def leave(self, name: str) -> None:
        """Undo `subscribe` or `attach`. Does nothing for an unknown name."""
        if name not in self._listeners:
            return
        group, subscription = self._listeners.pop(name)
        self._audiences[group].remove(name, subscription)
        self._drop_if_empty(group)

    def close(self) -> None:
        """Remove all lanes and listeners."""
        for number in list(self.lanes):
            self.close_lane(number)
        self._closing.clear()
        self.delayed.clear()
        for name in list(self._listeners):
            self.leave(name)
        self._encoders.clear()

    # -- the tick

    def run(self, number: int, now: float) -> Frames | None:
        """Mix, encode and send tick `number` of the grid, at `now` (monotonic seconds). Returns the message for control, or None."""
        tick, lap = self.clock.tick(number), self._metrics.lap
        lap(None)
        frames = self._take(tick, now)
        heard = self.delayed.air(tick, self.lanes)
        lap("lanes")
        encoded = self._encode(timestamp(tick))
        lap("encode")
        for output, sinks in self._planned().items():
            for sink in sinks:
                sink.send(encoded[output], now)
        lap("send")
        mixes = [(tap.group, tap.payload) for tap in self._taps]
        source = None if heard.held else heard.source
        return Frames(self.space, tick, frames, mixes, source) if frames or mixes else None

    def aired(self) -> Aired | None:
        """What control is to know of the audience's clock; None when it went on as before."""
        news = self.delayed.news()
        return None if news is None else Aired(self.space, *news)

    def levels(self, number: int) -> Levels | None:
        """The lanes' levels since the previous call, at tick `number` of the grid. None when there is no lane, and when nobody talks and
        the previous message said so already."""
        if not self.lanes:
            return None
        told = [
            (lane.number, lane.told(), lane.activity.active) if lane.heard else (lane.number, SILENCE, False)
            for lane in self.lanes.values()
        ]
        calm = not any(active for _, _, active in told)
        if calm and self._told_calm:
            return None
        self._told_calm = calm
        quality = [(lane.number, *lane.quality()) for lane in self.lanes.values() if lane.heard]
        return Levels(self.space, self.clock.tick(number), told, quality)

    def frames_counted(self) -> Counter[str]:
        """The packet counters of the present lanes, summed. Those of closed lanes are in the metrics already."""
        return sum((Counter(lane.counted()) for lane in self.lanes.values()), Counter())

    def adapt_to_losses(self) -> None:
        """Tell each encoder the packet loss that its listeners report."""
        for output, sinks in self._planned().items():
            if output in self._encoders:
                self._encoders.expect_losses(output, chain.from_iterable(sink.losses() for sink in sinks))

    def _take(self, tick: int, now: float) -> list[tuple[int, int, bytes]]:
        """Take the frame of every lane: for the live sum, for its delay line, and for control."""
        self._live.clear()
        self._own.clear()
        frames, channels = [], dict[int, Channel]()
        for lane in chain(self.lanes.values(), self._closing):
            try:
                flags, payload, pcm, said = lane.take(tick, now)
            except Exception:  # a bug, and only this lane's tick is lost
                if self._metrics.counters["lane_ticks_failed"] % LOGGED == 0:
                    log.exception("a tick of a lane failed")
                self._metrics.counters["lane_ticks_failed"] += 1
                lane.attach(lane.feeder)  # begins anew
                continue
            if payload is not None:
                frames.append((lane.number, flags, payload))
            if pcm is not None:
                channels[lane.number] = Channel(pcm, lane.leveller, said)
        self._closing.clear()
        if channels:
            levelled = self._loudness.run([*channels.values()])
            self._live.add_all(levelled)
            self._own.update(zip(channels, levelled, strict=True))
        self.delayed.put(tick, self._own)
        return frames

    def _encode(self, stamp: int) -> dict[int, Frame]:
        """One frame for each output that has a sink."""
        shares = self._encoders.shares(self._heard())
        if len(shares) > len(self._sums):
            self._sums = np.zeros((len(shares), FRAME), np.int32)
        counts = [self._sum(share.sound, row) for share, row in zip(shares, self._sums, strict=False)]
        limited = self._limiters.run(self._sums[: len(shares)], [share.coder.limiter for share in shares])
        frames = {}
        for share, mixed, count in zip(shares, limited, counts, strict=True):
            level = 0 if Output.AUDIENCE in share.groups else 1 + self._complexity.level
            frames.update(dict.fromkeys(share.groups, share.coder.encode(mixed, count, stamp, level)))
        return frames

    def _heard(self) -> dict[int, int]:
        """The sound of each output, named by the group that it was made for. A speaker whose lane is silent hears the stage's sound."""
        sounds = {group: group if group in self._own else Output.STAGE for group in self._planned()}
        if Output.AUDIENCE in sounds and not self._is_live():
            sounds[Output.AUDIENCE] = Output.AUDIENCE
        return sounds

    def _is_live(self) -> bool:
        """Whether the audience hears what the stage says now."""
        mix = self.delayed.mix
        return not self.delayed.clock.behind and np.array_equal(mix.total, self._live.total)

    def _sum(self, sound: int, row: Sum) -> int:
        """Write the sum of a sound to `row`. Returns how many lanes are in it."""
        if sound == Output.AUDIENCE:
            np.copyto(row, self.delayed.mix.total)
            return self.delayed.mix.count
        self._live.minus(self._own.get(sound), row)  # the stage has no lane of its own: nothing is subtracted
        return self._live.count - (sound in self._own)

    def _output_of(self, group: int) -> int:
        """The output that a group hears: the group of an unknown lane hears the stage."""
        return group if group in self.lanes or group == Output.AUDIENCE else Output.STAGE

    def _audience(self, group: int) -> Audience:
        """The audience of a group, made when its first listener comes."""
        self._plan = None
        if group not in self._audiences:
            # For low latency, speakers always get packets of 20 ms.
            setting, is_late = (
                (self.ptime_ms, self.delayed.clock.target >= LATE) if group == Output.AUDIENCE else (TICK_MS, False)
            )
            self._audiences[group] = Audience(self._ports, self._metrics, setting, is_late=is_late)
        return self._audiences[group]

    def _drop_if_empty(self, group: int) -> None:
        if not self._audiences[group]:
            del self._audiences[group]
        self._plan = None

    def _planned(self) -> dict[int, list[Sink]]:
        if self._plan is None:
            plan: dict[int, list[Sink]] = {}
            for group, audience in self._audiences.items():
                plan.setdefault(self._output_of(group), []).extend(audience.sinks())
            self._plan = plan
        return self._plan
