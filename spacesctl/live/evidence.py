"""The evidence ring: the last 60 s of each heard lane, as received, in memory. A clip is written to disk only for a
report or an act.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from spacesctl.audio.ogg import clip as ogg_clip
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.store.private_files import opener

EVIDENCE_SECONDS = 60
RING_TICKS = EVIDENCE_SECONDS * TICKS_PER_SECOND


class EvidenceRing:
    """The ring of one Space."""

    def __init__(self) -> None:
        self._lanes: dict[int, deque[tuple[int, bytes]]] = {}

    def add(self, tick: int, lane: int, payload: bytes) -> None:
        """Add the Opus payload of a lane at a tick."""
        ring = self._lanes.get(lane)
        if ring is None:
            ring = self._lanes[lane] = deque(maxlen=RING_TICKS)
        ring.append((tick, payload))

    def cut(self, lane: int, first: int, last: int, without: Sequence[tuple[int, int]] = ()) -> bytes | None:
        """Ticks `first` to `last` of one lane as Ogg Opus, with the original timing; None when the ring holds nothing of it. `without`:
        stretches (first and last tick, both included) of which it has nothing, nor of the ticks next to them."""
        frames = [
            frame
            for frame in self._lanes.get(lane, ())
            if first <= frame[0] <= last and frame[1] and not any(at - 1 <= frame[0] <= to + 1 for at, to in without)
        ]
        return ogg_clip(frames) if frames else None

    def forget(self, tick: int) -> None:
        """Drop lanes that have been silent for over a minute at `tick`."""
        for lane in [lane for lane, ring in self._lanes.items() if ring and ring[-1][0] < tick - RING_TICKS]:
            del self._lanes[lane]


def keep(folder: Path, data: bytes) -> str:
    """Write a clip under its SHA-256, so that the same clip is stored once; returns the hash. Blocks."""
    digest = hashlib.sha256(data).hexdigest()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{digest}.ogg"
    if not path.exists():
        temporary = path.with_suffix(".part")
        with open(temporary, "wb", opener=opener) as file:
            file.write(data)
        temporary.replace(path)
    return digest
