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
from spacesctl.live.masks import NOTHING_MASKED, Masks
from spacesctl.live.tracks import Track, TrackFile, closed

BATCH_TICKS = TICKS_PER_SECOND // 2
"""Ticks per batch. If the process is killed, this half second may be lost, and what the kernel has not received."""
MOST_WAITING = 120
"""Batches (one minute) that may wait for a slow disk. Beyond that the recording ends, to limit memory."""
HOLD_TICKS = 10 * TICKS_PER_SECOND
"""Ticks after which nothing that a rule redacts is still unknown."""
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

    `first` is the tick of the Space at which the recording began. Everything is written at the tick of the stage at which it was said,
    once the audience has heard it; when `protected()` also not before `HOLD_TICKS` have passed, in which late redactions can still remove
    it. A redaction (in `masks`) removes one packet more on each side of a lane, from which the words could be guessed; of the mix it
    removes all voices where it came too late. `failed` is called, once, when the disk cannot keep up or fails.
    """

    def __init__(
        self,
        folder: Path,
        first: int,
        *,
        lanes: bool,
        failed: Callable[[], None],
        masks: Masks = NOTHING_MASKED,
        protected: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder = folder
        self._first = first
        self._lanes = lanes
        self._failed = failed
        self._masks = masks
        self._protected = protected
        self._mix: dict[int, bytes] = {}
        self._held: dict[int, dict[int, bytes]] = {}
        self._batch = _Batch(0)
        self._done = 0
        self._queue: asyncio.Queue[_Batch | None] = asyncio.Queue(MOST_WAITING)
        self._writing = asyncio.create_task(self._write())
        self._gave_up = False

    def add(self, message: Frames) -> None:
        """Take one tick of the Space. Ticks rise; some may be missing."""
        tick = message.tick - self._first
        if self._lanes:
            for lane, _flags, payload in message.lanes:
                if payload:
                    self._held.setdefault(lane, {})[tick] = payload
        if message.source is None:
            return  # the audience hears a silence that the stage did not have
        heard = message.source - self._first
        for group, payload in message.mixes:
            if group == Output.AUDIENCE and heard >= 0:
                self._mix.setdefault(heard, payload)
        until = min(heard, tick - HOLD_TICKS) + 1 if self._protected() else heard + 1
        if until - self._done >= BATCH_TICKS:
            self._hand_over(until)

    async def stop(self, tick: int) -> None:
        """End the recording at `tick` of the Space. Everything is written when this returns, unless the disk fails: `failed` was called
        then, and nothing is raised."""
        if not self._gave_up:
            self._hand_over(max(self._done, tick - self._first))
        if not self._writing.done():
            await self._queue.put(None)
        await self._writing

    def _hand_over(self, until: int) -> None:
        """Pass on everything before tick `until` of the recording."""
        mix = self._written(self._mix, until, self._late(until))
        if mix:
            self._batch.frames[MIX] = mix
        for lane, held in self._held.items():
            self._batch.frames[lane_name(lane)] = self._written(held, until, self._blank(lane, until))
        self._held = {lane: held for lane, held in self._held.items() if held}
        self._batch.until = until
        self._done = until
        try:
            self._queue.put_nowait(self._batch)
        except asyncio.QueueFull:
            self._give_up()
        self._batch = _Batch(until)

    @staticmethod
    def _written(held: dict[int, bytes], until: int, blank: set[int]) -> list[tuple[int, bytes]]:
        """Take what is before tick `until` from what is held, without blank ticks."""
        due = sorted(at for at in held if at < until)
        taken = [(at, held.pop(at)) for at in due]
        return [frame for frame in taken if frame[0] >= 0 and frame[0] not in blank]

    def _blank(self, lane: int, until: int) -> set[int]:
        found = self._masks.stretches(lane, self._first + self._done - 1, self._first + until)
        return {at for one in found for at in range(one.first - self._first - 1, one.last - self._first + 2)}

    def _late(self, until: int) -> set[int]:
        """The ticks that the audience heard, although they were redacted in the end."""
        found = self._masks.stretches(None, self._first + self._done, self._first + until)
        # Their own words take nobody else's along.
        late = [(one.first, one.missed_to) for one in found if one.missed_to is not None and not one.is_own]
        return {at for first, last in late for at in range(first - self._first, last - self._first + 1)}

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
