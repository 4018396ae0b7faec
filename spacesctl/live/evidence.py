"""The evidence ring: the last 60 s of each heard lane, as received, in memory. A clip is written to disk only for a
report or an act.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
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

    def cut(self, lanes: Iterable[int], first: int, last: int, without: Sequence[tuple[int, int]] = ()) -> bytes | None:
        """Ticks `first` to `last` of one person's lanes as Ogg Opus, with the original timing; None when the ring holds nothing of it.
        `without`: stretches (first and last tick, both included) of which it has nothing, nor of the ticks next to them."""
        frames = {
            tick: payload
            for lane in lanes
            for tick, payload in self._lanes.get(lane, ())
            if first <= tick <= last and payload and not any(at - 1 <= tick <= to + 1 for at, to in without)
        }
        return ogg_clip(sorted(frames.items())) if frames else None

    def newest(self, lanes: Iterable[int]) -> tuple[int, int] | None:
        """The last tick of these lanes that the ring holds, and its lane; None when it holds nothing of them."""
        return max(((self._lanes[lane][-1][0], lane) for lane in lanes if lane in self._lanes), default=None)

    def forget(self, tick: int) -> None:
        """Drop what is older than a minute at `tick`."""
        for lane, ring in list(self._lanes.items()):
            while ring and ring[0][0] < tick - RING_TICKS:
                ring.popleft()
            if not ring:
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
