"""Files of one recording: each a stream of Ogg Opus on the recording's clock, gaps filled with silence. Blocks; a thread of its own writes.

A page is written whole, at least twice a second, so that whatever kills the process takes half a second with it. What was cut off goes on
in the same stream, or is closed where it ends.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from spacesctl.audio.ogg import SILENCE, TICK_SAMPLES, OggError, OggOpusWriter, finish, packet_samples, tail

LONG_SILENCE = bytes((SILENCE[0] | 3, 6)) + SILENCE[1:] * 6
"""120 ms of silence in one packet (RFC 6716, 3.2.5: code 3, six frames of one size)."""
LONG_TICKS = 6
PAGE_PACKETS = 50


@dataclass(frozen=True)
class TrackFile:
    """What a finished file is: its name, how long it sounds, and what proves it is the same."""

    name: str
    duration_ms: int
    bytes: int
    sha256: str


class Track:
    """`ticks` is how far it has come: the next frame goes there."""

    def __init__(self, path: Path) -> None:
        """Begins the file, or goes on with one that was cut off. Raises OSError."""
        self.path = path
        self._writer = OggOpusWriter()
        self._file: BinaryIO = path.open("r+b" if path.exists() else "x+b")
        try:
            found = tail(self._file)
        except OggError:  # new, or cut off before its first page was whole
            self._file.truncate(0)
            self._file.seek(0)
            self._file.write(self._writer.headers())
            self._file.flush()
        else:
            self._writer.serial, self._writer.pages, self._writer.samples = found.serial, found.pages, found.samples
            self._file.truncate(found.end)
            self._file.seek(found.end)

    @property
    def ticks(self) -> int:
        return self._writer.samples // TICK_SAMPLES

    def write(self, frames: Iterable[tuple[int, bytes]], until: int) -> None:
        """Frames by their tick, rising, and silence up to `until` where there is none. One that comes too late is dropped."""
        packets: list[bytes] = []
        at = self.ticks
        for tick, payload in frames:
            if at <= tick < until:
                packets += [*silence(tick - at), one_tick(payload)]
                at = tick + 1
        packets += silence(until - at)
        for first in range(0, len(packets), PAGE_PACKETS):
            self._file.write(self._writer.page(packets[first : first + PAGE_PACKETS]))
        self._file.flush()

    def close(self) -> TrackFile:
        """Mark the end. Raises OSError."""
        with self._file:
            finish(self._file)
            self._file.flush()
            os.fsync(self._file.fileno())
        return described(self.path)

    def abandon(self) -> None:
        """Let go of the file as it is: another process may go on with it."""
        self._file.close()


def closed(path: Path) -> TrackFile:
    """Close a file that nobody writes any more. Raises OggError or OSError."""
    with path.open("r+b") as file:
        finish(file)
    return described(path)


def described(path: Path) -> TrackFile:
    with path.open("rb") as file:
        samples = tail(file).samples
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TrackFile(path.name, samples // 48, path.stat().st_size, digest)


def silence(ticks: int) -> list[bytes]:
    """So many ticks, in as few packets as can be."""
    return [LONG_SILENCE] * (ticks // LONG_TICKS) + [SILENCE] * (ticks % LONG_TICKS) if ticks > 0 else []


def one_tick(packet: bytes) -> bytes:
    """The packet, or silence where it is not 20 ms of Opus."""
    try:
        return packet if packet_samples(packet) == TICK_SAMPLES else SILENCE
    except OggError:
        return SILENCE
