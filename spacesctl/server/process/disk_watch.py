"""Watches how much of the disk is left: first a warning, then recordings stop, so that everything else can still be stored."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import structlog

from spacesctl.live.recording_keeper import RecordingKeeper

LOOK_EVERY = 2.0
"""Seconds between two looks. Twenty recorded microphones write 2 MiB in this time."""
STOPPED = "low, recordings stop"
_log = structlog.get_logger()


class DiskWatch:
    """`look` is called regularly. `warn_below` is in free bytes on the disk of the `data` folder."""

    def __init__(self, data: Path, recordings: RecordingKeeper, warn_below: int) -> None:
        self._data = data
        self._recordings = recordings
        self._warn_below = warn_below
        self.free = 0
        """Free bytes at the last look."""
        self.state = "ok"
        """`ok`, `low`, or `STOPPED`."""

    async def look(self) -> None:
        """Measure, and stop recordings if they would take the last of it. Raises OSError."""
        self.free = (await asyncio.to_thread(shutil.disk_usage, self._data)).free
        before, self.state = self.state, self._judged()
        if self.state != before:
            told = _log.info if self.state == "ok" else _log.warning
            told("room on the disk", state=self.state, free_mib=self.free >> 20, folder=str(self._data))
        if self.state == STOPPED:
            await self._recordings.make_room()

    def _judged(self) -> str:
        if self.free < self._recordings.least_room:
            return STOPPED
        return "low" if self.free < self._warn_below else "ok"
