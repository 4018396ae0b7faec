"""Uploads of voice clips: each becomes a file of mono Ogg Opus, `clips/ID.ogg`, and a row that refers to it.

`spacesctl.audio.transcode` converts them in a child process, a few at once. Unfinished and unused files are deleted.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from spacesctl.domain.errors import Invalid, TooMany, Unavailable
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.posts import MAX_CLIP_SECONDS, UNUSED_CLIPS_KEPT, Clip
from spacesctl.store import clips
from spacesctl.store.ports import Database
from spacesctl.store.private_files import opener
from spacesctl.support.clock import REAL, Clock

UPLOADS_AT_ONCE = 8
TRANSCODED_AT_ONCE = 2
UPLOAD_WITHIN = 120.0
"""Seconds for an upload."""
TRANSCODE_WITHIN = 30.0
"""Seconds. The child's own limit of processor time is lower."""
UNUSED_AT_MOST = 20
"""Clips of one account that no post or message refers to yet."""
SWEEP_EVERY = 60.0
"""Seconds between two sweeps."""
MayHave = Callable[[int], None]
"""Raises TooMany when an account may not have so many bytes of clips."""
_CHUNK = 256 << 10
_log = structlog.get_logger()


class VoiceClips:
    """Stores voice clips in `folder`, which is created for the first one."""

    def __init__(self, folder: Path, clock: Clock = REAL) -> None:
        self._clock = clock
        self._folder = folder
        self._uploads = 0
        self._children = asyncio.Semaphore(TRANSCODED_AT_ONCE)
        self._publishing = asyncio.Lock()

    def file(self, clip_id: str) -> Path:
        """The path of a clip."""
        return self._folder / f"{clip_id}.ogg"

    async def take(self, db: Database, owner_id: str, body: AsyncIterator[bytes], may_have: MayHave) -> Clip:
        """Store an upload as a clip. `may_have` is asked with the bytes that the owner's clips have, before and after.

        Raises Invalid (not audio, too long, empty), TooMany or Unavailable; nothing of the upload remains then.
        """
        if self._uploads >= UPLOADS_AT_ONCE:
            raise TooMany("uploads of voice clips at once", 5)
        async with db.read() as connection:
            if await clips.count_unused(connection, owner_id) >= UNUSED_AT_MOST:
                raise TooMany("voice clips without a post or message", int(UNUSED_CLIPS_KEPT.total_seconds()))
            may_have(await clips.bytes_of(connection, owner_id) + 1)
        self._uploads += 1
        try:
            return await self._take(db, owner_id, body, may_have)
        finally:
            self._uploads -= 1

    async def _take(self, db: Database, owner_id: str, body: AsyncIterator[bytes], may_have: MayHave) -> Clip:
        place = self._incoming / secrets.token_hex(8)
        given, made = place / "given", place / "made.ogg"
        await asyncio.to_thread(_make_folders, self._folder, place)
        try:
            try:
                async with asyncio.timeout(UPLOAD_WITHIN):
                    await _receive(body, given)
            except TimeoutError as error:
                raise Invalid("voice", f"took longer than {UPLOAD_WITHIN:.0f} s to arrive") from error
            async with self._children:
                duration_ms = await _transcode(given, made)
            return await self._publish(db, owner_id, made, duration_ms, may_have)
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    async def _publish(self, db: Database, owner_id: str, made: Path, duration_ms: int, may_have: MayHave) -> Clip:
        size = (await asyncio.to_thread(made.stat)).st_size
        clip = Clip(new_space_id(), owner_id, duration_ms, size, self._clock.now())
        async with self._publishing, db.begin() as connection:
            may_have(await clips.bytes_of(connection, owner_id) + size)
            await asyncio.to_thread(made.replace, self.file(clip.id))
            await clips.add(connection, clip)
        return clip

    async def sweep(self, db: Database) -> None:
        """Delete clips that have been unused for an hour, and files without a row."""
        async with self._publishing:
            async with db.begin() as connection:
                await clips.forget_unused(connection, self._clock.now() - UNUSED_CLIPS_KEPT)
                known = await clips.ids(connection)
            await asyncio.to_thread(self._remove_but, known)

    async def clear(self) -> None:
        """Delete what an earlier process left unfinished."""
        await asyncio.to_thread(shutil.rmtree, self._incoming, ignore_errors=True)

    @property
    def _incoming(self) -> Path:
        return self._folder / "incoming"

    def _remove_but(self, known: set[str]) -> None:
        for file in self._folder.glob("*.ogg"):
            if file.stem not in known:
                file.unlink(missing_ok=True)


def _make_folders(folder: Path, place: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    place.mkdir(mode=0o700, parents=True)


async def _receive(body: AsyncIterator[bytes], target: Path) -> None:
    """Write the upload to disk in chunks; memory holds one of them."""
    held = bytearray()
    file = await asyncio.to_thread(open, target, "wb", opener=opener)
    try:
        async for part in body:
            held += part
            if len(held) >= _CHUNK:
                await asyncio.to_thread(file.write, bytes(held))
                held.clear()
        await asyncio.to_thread(file.write, bytes(held))
    finally:
        await asyncio.to_thread(file.close)


async def _transcode(given: Path, made: Path) -> int:
    """Returns the duration in milliseconds. The child is killed when it takes too long or the request is canceled."""
    try:
        child = await asyncio.to_thread(_start, given, made)
    except OSError as error:
        raise Unavailable("voice clips cannot be converted at the moment") from error
    try:
        out, _ = await asyncio.to_thread(child.communicate, timeout=TRANSCODE_WITHIN)
    except subprocess.TimeoutExpired as error:
        raise Invalid("voice", "takes too long to convert", hint=_HINT) from error
    finally:
        if child.poll() is None:
            child.kill()
            await asyncio.to_thread(child.communicate)
    answer = json.loads(out) if child.returncode == 0 else {"error": "not_audio"}
    if "error" in answer:
        problem, hint = _PROBLEMS[answer["error"]]
        raise Invalid("voice", problem, hint=hint)
    return int(answer["duration_ms"])


def _start(given: Path, made: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "spacesctl.audio.transcode", str(given), str(made), str(MAX_CLIP_SECONDS)]
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
    # One arena only: each takes address space, which is limited for the child.
    env = {name: os.environ[name] for name in kept if name in os.environ} | {"MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603  # our own program; the upload is only a file that it reads
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


_HINT = "send wav, mp3, m4a, ogg, webm or flac"
_PROBLEMS: dict[str, tuple[str, str | None]] = {
    "not_audio": ("is not readable audio", _HINT),
    "too_long": (f"is longer than {MAX_CLIP_SECONDS} s", f"cut it to {MAX_CLIP_SECONDS} s or less"),
    "empty": ("contains no audio", None),
}
