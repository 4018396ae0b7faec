"""The files of evidence clips. A file has the name of its hash, so two reports of the same sound have one file.

A report that is filed writes its file first and its row a moment later. A purge that deletes a file meanwhile, because no row names it,
would take it from that report: so a filing claims the hash, and a claimed file is not deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from spacesctl.live import evidence
from spacesctl.store import reports
from spacesctl.store.ports import Database


class ClipFiles:
    """The clips in `folder`. One for a server, used from its event loop alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._claimed = Counter[str]()
        self._going: set[str] = set()
        """Hashes whose files are about to be deleted, unless somebody claims them."""
        self._disk = asyncio.Lock()
        """Held while a file is written or deleted."""

    def path(self, clip: str) -> Path:
        """The file of a clip."""
        return self._folder / f"{clip}.ogg"

    @asynccontextmanager
    async def kept(self, db: Database, data: bytes) -> AsyncIterator[str]:
        """Write a clip, and claim it until the block ends: by then a row names it. If the block fails, the file goes, unless
        a row has it. Gives the SHA-256."""
        clip = hashlib.sha256(data).hexdigest()
        self._claimed[clip] += 1
        self._going.discard(clip)
        try:
            async with self._disk:
                await asyncio.to_thread(evidence.keep, self._folder, data)
            yield clip
        except BaseException:
            self._release(clip)
            await self.drop(db, clip)
            raise
        self._release(clip)

    def _release(self, clip: str) -> None:
        self._claimed[clip] -= 1
        if not self._claimed[clip]:
            del self._claimed[clip]

    async def drop(self, db: Database, clip: str) -> bool:
        """Delete a clip that no report has, nor one that is being filed. Whether it was."""
        self._going.add(clip)
        async with db.read() as connection:
            is_named = await reports.has_clip(connection, clip)
        async with self._disk:  # who claims it from here on waits, and writes it anew
            if is_named or clip in self._claimed or clip not in self._going:
                self._going.discard(clip)
                return False
            self._going.discard(clip)
            await asyncio.to_thread(self.path(clip).unlink, missing_ok=True)
        return True

    async def sweep(self, db: Database) -> int:
        """Delete the files that no report has, such as those of a server that was killed between file and row. How many."""
        there = await asyncio.to_thread(self._there)
        async with db.read() as connection:
            left = there - await reports.clips(connection)
        return sum([await self.drop(db, one) for one in left])

    def _there(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.ogg")}
