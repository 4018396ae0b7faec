"""One running recording: takes what each tick had, hands it on twice a second to a thread that writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from spacesctl.audio.ogg import OggError
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.tracks import Track, TrackFile, closed

BATCH_TICKS = TICKS_PER_SECOND // 2
"""How much may be lost when the process is killed: half a second, and what the kernel has not been told yet."""
MOST_WAITING = 120
"""Batches that wait for a slow disk: a minute. Beyond it the recording ends, rather than memory."""
MIX = "mix.ogg"


def lane_name(lane: int) -> str:
    return f"lane-{lane:05d}.ogg"


@dataclass
class _Batch:
    until: int
    frames: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)


class Recorder:
    """Ticks are counted from `first`, the tick at which the recording began. Lanes wait as long as the audience's delay, in which a
    redaction may still reach them: with it goes one packet more on both sides, from which a decoder could guess the words.

    `failed` is called, once, when the disk cannot take it.
    """

    def __init__(self, folder: Path, first: int, *, lanes: bool, failed: Callable[[], None], delay: int = 0) -> None:
        self._folder = folder
        self._first = first
        self._lanes = lanes
        self._delay = delay
        self._failed = failed
        self._held: dict[int, dict[int, bytes]] = {}
        self._blank: dict[int, set[int]] = {}
        self._batch = _Batch(0)
        self._done = 0
        self._queue: asyncio.Queue[_Batch | None] = asyncio.Queue(MOST_WAITING)
        self._writing = asyncio.create_task(self._write())
        self._gave_up = False

    def add(self, message: Frames) -> None:
        """A tick of the Space; ticks rise, and some may be missing."""
        tick = message.tick - self._first
        for group, payload in message.mixes:
            if group == Output.AUDIENCE:
                # The audience hears at this tick what was said `delay` ticks ago.
                self._put(MIX, tick - self._delay, payload)
        if self._lanes:
            for lane, _flags, payload in message.lanes:
                if payload:
                    self._held.setdefault(lane, {})[tick] = payload
        if tick + 1 - self._done >= BATCH_TICKS:
            self._hand_over(tick + 1)

    def redact(self, lane: int, first: int, last: int) -> None:
        """Silence ticks of the Space in a lane's file, as far as they are not written."""
        self._blank.setdefault(lane, set()).update(range(first - self._first - 1, last - self._first + 2))

    async def stop(self, tick: int) -> None:
        """Up to `tick` of the Space; everything is written when this returns."""
        if not self._gave_up:
            # Nothing can be redacted any more: what waited for that comes too.
            self._delay = 0
            self._hand_over(tick - self._first)
        if not self._writing.done():
            await self._queue.put(None)
        await self._writing

    def _put(self, name: str, tick: int, payload: bytes) -> None:
        if tick >= 0:
            self._batch.frames.setdefault(name, []).append((tick, payload))

    def _hand_over(self, end: int) -> None:
        """Everything before tick `end` of the recording is here."""
        until = end - self._delay
        for lane, held in self._held.items():
            blank = self._blank.get(lane, set())
            self._batch.frames.setdefault(lane_name(lane), [])
            for at in [at for at in held if at < until]:
                payload = held.pop(at)
                if at not in blank:
                    self._put(lane_name(lane), at, payload)
            self._blank[lane] = {at for at in blank if at >= until}
        self._held = {lane: held for lane, held in self._held.items() if held}
        self._batch.until = until
        self._done = end
        try:
            self._queue.put_nowait(self._batch)
        except asyncio.QueueFull:
            self._give_up()
        self._batch = _Batch(until)

    def _give_up(self) -> None:
        if not self._gave_up:
            self._gave_up = True
            self._failed()

    async def _write(self) -> None:
        tracks: dict[str, Track] = {}
        try:
            while (batch := await self._queue.get()) is not None:
                await asyncio.to_thread(_write_batch, self._folder, tracks, batch)
        except OSError:
            self._give_up()
        await asyncio.to_thread(_abandon, tracks)


def _write_batch(folder: Path, tracks: dict[str, Track], batch: _Batch) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in batch.frames:
        if name not in tracks:
            tracks[name] = Track(folder / name)
    for name, track in tracks.items():
        track.write(batch.frames.get(name, []), batch.until)


def _abandon(tracks: dict[str, Track]) -> None:
    for track in tracks.values():
        track.abandon()


def close_files(folder: Path) -> list[TrackFile]:
    """Close every file of a recording that is over, and say what they are. Blocks. A file in which nothing whole was written goes."""
    files = []
    for path in sorted(folder.glob("*.ogg")) if folder.is_dir() else []:
        try:
            files.append(closed(path))
        except OggError:
            path.unlink()
    return files
