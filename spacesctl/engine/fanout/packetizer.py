"""One packet in place of two or three: listeners of a crowd get 40 or 60 ms at once, not all in the same tick.

Sending is what a crowd costs, and it costs by the packet. So the frames of 20 ms that were encoded once are merged as they are, and
the crowd is split into phases that are sent in turn: who waits for the next tick hears the same, 20 ms later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spacesctl.audio.opus import MAX_PACKET, Repacketizer
from spacesctl.engine.clock import SAMPLES
from spacesctl.engine.seam import Frame

TICK_MS: Final = 20
PTIMES_MS: Final = (20, 40, 60)
AUTO: Final = 0
STEPS: Final = ((3000, 60), (500, 40), (0, 20))
"""Above so many listeners, packets of so many milliseconds."""
BACK: Final = 0.8
"""Of a step's listeners must be left before packets get shorter again, lest a crowd at the edge change all the time."""
MISSED: Final = 5
"""Ticks left out between two frames that are merged all the same: the second one is heard so much earlier, the pause comes behind it.
Two packets in place of one would make the next tick of a machine that is behind late again."""
OVERHEAD: Final = 8
"""Bytes that merging three packets adds at most."""


def ptime_ms(setting: int, listeners: int, now: int) -> int:
    """Milliseconds of sound in a packet, by the setting or, for `AUTO`, by how many listen; `now` is what it was so far."""
    if setting != AUTO:
        return setting
    for limit, wanted in STEPS:
        if listeners > limit * (BACK if wanted <= now else 1):
            return wanted
    return TICK_MS


class Packetizer:
    """Frames that are due to packets with their timestamps. Phases that are due together get the same ones, made once."""

    def __init__(self) -> None:
        self._repacketizer = Repacketizer()
        self._made: tuple[Sequence[Frame], list[tuple[bytes, int]]] = ((), [])

    def packets(self, due: Sequence[Frame]) -> list[tuple[bytes, int]]:
        """As few as can be: frames of another kind, or after a long gap in time, begin another one; silence alone is not sent."""
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
