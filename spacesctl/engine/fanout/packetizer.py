"""Merges encoded frames into longer packets: large audiences get packets of 40 to 120 ms in place of 20.

Sending dominates the cost of a large audience, and it costs per packet. So two to six frames of 20 ms are merged into one packet
without encoding again. The audience is split into send slots that take turns: a listener of a later slot hears the same 20 ms later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spacesctl.audio.opus import MAX_PACKET, Repacketizer
from spacesctl.engine.clock import SAMPLES
from spacesctl.engine.seam import Frame

TICK_MS: Final = 20
"""Milliseconds in a tick, and in an encoded frame."""
PTIMES_MS: Final = (20, 40, 60, 120)
"""The packet times that can be set, in milliseconds."""
AUTO: Final = 0
"""The setting that lets the number of listeners decide the packet time."""
PATIENT: Final = -1
"""The same for listeners who hear everything later anyway, and who may request lost packets again: losing a long one is a long gap."""
STEPS: Final = {AUTO: ((3000, 60), (500, 40), (0, 20)), PATIENT: ((500, 120), (100, 60), (0, 20))}
"""For each of them, as (listeners, ms): above this number of listeners, packets of this length. Chromium decodes all of them."""
BACK: Final = 0.8
"""The share of a step's listeners at which packets get shorter again. The hysteresis keeps the packet time from changing all the time
when the number of listeners is near a step."""
MISSED: Final = 5
"""Skipped ticks between two frames that may still share a packet. The second frame is then heard that much too early, and the gap comes
after it. Two packets in place of one would make the next tick late too on a machine that is behind."""
OVERHEAD: Final = 16
"""Bytes that merging packets adds at most."""


def ptime_ms(setting: int, listeners: int, now: int) -> int:
    """The packet time in milliseconds: `setting`, or for `AUTO` and `PATIENT` by the number of `listeners`. `now` is the present packet
    time."""
    if setting not in STEPS:
        return setting
    for limit, wanted in STEPS[setting]:
        if listeners > limit * (BACK if wanted <= now else 1):
            return wanted
    return TICK_MS


class Packetizer:
    """Makes packets, with their RTP timestamps, of the frames that are due. Send slots that are due together share the packets."""

    def __init__(self) -> None:
        self._repacketizer = Repacketizer()
        self._made: tuple[Sequence[Frame], list[tuple[bytes, int]]] = ((), [])

    def packets(self, due: Sequence[Frame]) -> list[tuple[bytes, int]]:
        """As few packets as possible, as (payload, timestamp). A frame that cannot be merged, or that comes after a long gap, begins a new
        one. A packet of withheld frames only is left out. Raises OpusError when libopus refuses to merge."""
        if due != self._made[0]:
            self._made = (due, [self._merged(run) for run in _runs(due) if not all(frame.withheld for frame in run)])
        return self._made[1]

    def _merged(self, run: Sequence[Frame]) -> tuple[bytes, int]:
        first = run[0]
        if len(run) == 1:
            return first.payload, first.timestamp
        return self._repacketizer.merge([frame.payload for frame in run]), first.timestamp


def _runs(due: Sequence[Frame]) -> list[list[Frame]]:
    runs: list[list[Frame]] = []
    for frame in due:
        if runs and _follows(runs[-1], frame):
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return runs


def _follows(run: Sequence[Frame], frame: Frame) -> bool:
    size = sum(len(one.payload) for one in run) + len(frame.payload)
    gap = (frame.timestamp - run[-1].timestamp) & 0xFFFFFFFF
    is_near = 0 < gap <= (1 + MISSED) * SAMPLES
    return is_near and size + OVERHEAD <= MAX_PACKET and Repacketizer.fits(run[0].payload, frame.payload)
