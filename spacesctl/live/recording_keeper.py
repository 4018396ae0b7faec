"""All recordings of this server: started and stopped by events, resumed after a crash, closed, and deleted when they expire."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Refused
from spacesctl.domain.principals import System
from spacesctl.domain.words import RecordingMode
from spacesctl.live.actor import END_TICKS, SpaceActor
from spacesctl.live.outcome import Outcome
from spacesctl.live.recorder import HOLD_TICKS, Recorder, close_files
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import recordings as store

TIDY_EVERY = 3600.0
"""Seconds between two calls of `RecordingKeeper.tidy`."""
HELD_BACK = 24 * 3600.0
"""Seconds in which an operator notices that the clock is wrong."""
LEAST_ROOM = 200 << 20
"""Free bytes on the disk below which no recording starts, and running ones stop."""
_log = structlog.get_logger()


class RecordingKeeper:
    """Keeps the recordings in `folder`. `keep` is how long a recording stays after its end; None: until its host deletes it.
    `least_room` is the free bytes on the disk that recordings leave for everything else."""

    def __init__(
        self, registry: SpaceRegistry, folder: Path, keep: timedelta | None, least_room: int = LEAST_ROOM
    ) -> None:
        self._registry = registry
        self._folder = folder
        self.keep = keep
        self.least_room = least_room
        self._held_until = 0.0
        self._running: dict[str, tuple[SpaceActor, Recorder]] = {}

    async def open(self) -> None:
        """Resume recordings that ran when the process ended, and close other unfinished ones. Call after `SpaceRegistry.open`."""
        async with self._registry.db.read() as db:
            left = await store.unfinished(db)
        for one in left:
            actor = self._registry.actors.get(one.space_id)
            now = actor.space.recording if actor is not None else None
            if actor is not None and now is not None and now.id == one.id:
                self._begin(actor, one.id, one.first_tick, lanes=one.kind is RecordingMode.LANES)
            else:
                await self._registry.tasks.insist("end a recording", partial(self._close, one.id))
        self._registry.subscribers.append(self._on_outcome)

    async def close(self) -> None:
        """Write everything when the server stops. Running recordings resume at the next start."""
        running, self._running = self._running, {}
        await asyncio.gather(*(recorder.stop(actor.heard) for actor, recorder in running.values()))

    async def make_room(self) -> None:
        """Stop all recordings, because the disk is nearly full: what is left of it is for what must be stored."""
        for recording_id, (actor, _recorder) in list(self._running.items()):
            await self._registry.tasks.insist("stop a recording", partial(_give_up, actor, recording_id))

    def file(self, recording_id: str, name: str) -> Path:
        """The path of a recording's file."""
        return self._folder / recording_id / name

    async def delete_files(self, recording_id: str) -> None:
        """Delete the files of a recording that is no longer in the store."""
        await asyncio.to_thread(shutil.rmtree, self._folder / recording_id, ignore_errors=True)

    def hold_back(self) -> None:
        """Delete nothing for `HELD_BACK` seconds: the wall clock may be wrong, and what is deleted does not come back."""
        self._held_until = self._registry.clock.elapsed() + HELD_BACK

    @property
    def is_held_back(self) -> bool:
        """Whether nothing is deleted for its age now."""
        return self._registry.clock.elapsed() < self._held_until

    async def tidy(self) -> None:
        """Delete expired recordings, but those on legal hold."""
        if self.keep is None or self.is_held_back:
            return
        async with self._registry.db.begin() as db:
            over = await store.ended_before(db, self._registry.clock.now() - self.keep)
            for one in over:
                await store.remove(db, one)
        for one in over:
            await asyncio.to_thread(shutil.rmtree, self._folder / one, ignore_errors=True)

    def require_room(self) -> None:
        """Check that there is room for a recording. Raises Refused with reason `disk_full`. Blocks."""
        place = self._folder if self._folder.exists() else self._folder.parent
        if shutil.disk_usage(place).free < self.least_room:
            raise Refused(
                "disk_full",
                "there is not enough disk space for a recording",
                hint="free some space on the server's disk",
            )

    def _on_outcome(self, outcome: Outcome) -> None:
        actor = self._registry.actors.get(outcome.after.id)
        for event in outcome.events:
            if isinstance(event, e.RecordingStarted) and actor is not None:
                lanes = event.recording.kind is RecordingMode.LANES
                self._begin(actor, event.recording.id, outcome.tick, lanes=lanes)
            elif isinstance(event, e.RecordingStopped):
                self._registry.tasks.later("end a recording", partial(self._finish, event.recording_id, outcome.tick))

    def _begin(self, actor: SpaceActor, recording_id: str, first: int, *, lanes: bool) -> None:
        def failed() -> None:
            _log.error("a recording could not be written", recording=recording_id)
            self._registry.tasks.later("stop a recording", partial(_give_up, actor, recording_id))

        recorder = Recorder(
            self._folder / recording_id,
            first,
            lanes=lanes,
            failed=failed,
            masks=actor.audience.masks,
            protected=lambda: actor.is_protected,
        )
        actor.record(recorder)
        self._running[recording_id] = actor, recorder

    async def _finish(self, recording_id: str, tick: int) -> None:
        """Close a recording that ended at a tick of the stage, once the audience has heard it."""
        if (found := self._running.get(recording_id)) is not None:
            actor, recorder = found
            if actor.is_protected:
                await actor.audience.reaches(tick + END_TICKS)
                await asyncio.sleep(max(0, tick + HOLD_TICKS - actor.now_tick()) * TICK_SECONDS)
            if self._running.pop(recording_id, None) is None:
                return  # the server stops meanwhile: it is closed after the next start
            actor.record_no_more(recorder)
            await recorder.stop(tick)
        await self._close(recording_id)

    async def _close(self, recording_id: str) -> None:
        files = await asyncio.to_thread(close_files, self._folder / recording_id)
        described: list[dict[str, Any]] = [asdict(one) for one in files]
        async with self._registry.db.begin() as db:
            await store.close(db, recording_id, described, self._registry.clock.now())
            gone = await store.is_nobodys(db, recording_id)
            if gone:
                await store.remove(db, recording_id)
        if gone:
            await asyncio.to_thread(shutil.rmtree, self._folder / recording_id, ignore_errors=True)


async def _give_up(actor: SpaceActor, recording_id: str) -> None:
    """Stop this recording, if it still runs."""
    now = actor.space.recording
    if now is not None and now.id == recording_id:
        await actor.ask(c.StopRecording(System("disk")))
