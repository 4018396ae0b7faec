"""One running recording: collects each tick's audio and passes it to a writing thread twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from spacesctl.audio.ogg import OggError
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.engine.messages import Frames, Output
from spacesctl.live.tracks import Track, TrackFile, closed

BATCH_TICKS = TICKS_PER_SECOND // 2
"""Ticks per batch. If the process is killed, this half second may be lost, and what the kernel has not received."""
MOST_WAITING = 120
"""Batches (one minute) that may wait for a slow disk. Beyond that the recording ends, to limit memory."""
MIX = "mix.ogg"


def lane_name(lane: int) -> str:
    """The file name of a lane's track."""
    return f"lane-{lane:05d}.ogg"


@dataclass
class _Batch:
    until: int
    frames: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)


class Recorder:
    """Records the audience mix, and with `lanes` each lane in its own file.

    `first` is the tick of the Space at which the recording began. Lanes are held back for `delay` ticks, the delay of
    the audience mix, during which a redaction can still remove them. A redaction also removes one packet on each side,
    from which the words could be guessed. `failed` is called, once, when the disk cannot keep up or fails.
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
        """Take one tick of the Space. Ticks rise; some may be missing."""
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
        """Silence the Space's ticks `first` to `last` of a lane's file, as far as they are not written yet."""
        self._blank.setdefault(lane, set()).update(range(first - self._first - 1, last - self._first + 2))

    async def stop(self, tick: int) -> None:
        """End the recording at `tick` of the Space. Everything is written when this returns, unless the disk fails: `failed` was called
        then, and nothing is raised."""
        if not self._gave_up:
            # No redaction can come any more, so what was held back is written too.
            self._delay = 0
            self._hand_over(tick - self._first)
        if not self._writing.done():
            await self._queue.put(None)
        await self._writing

    def _put(self, name: str, tick: int, payload: bytes) -> None:
        if tick >= 0:
            self._batch.frames.setdefault(name, []).append((tick, payload))

    def _hand_over(self, end: int) -> None:
        """Pass on everything before tick `end` of the recording."""
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
        with suppress(OSError):  # what was left to write does not fit; the file is closed all the same
            track.abandon()


def close_files(folder: Path) -> list[TrackFile]:
    """Close all files of a finished recording and describe them. Blocks. Files without a complete page are deleted."""
    files = []
    for path in sorted(folder.glob("*.ogg")) if folder.is_dir() else []:
        try:
            files.append(closed(path))
        except OggError:
            path.unlink()
    return files
