"""The files of a recording: each is an Ogg Opus stream on the recording's clock, with gaps filled with silence. Blocks;
runs in a thread.

Each write is a whole page, at least twice a second, so that a killed process loses at most half a second. An
interrupted file is continued as the same stream, or closed where it ends.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from spacesctl.audio.ogg import SILENCE, TICK_SAMPLES, OggError, OggOpusWriter, finish, packet_samples, tail
from spacesctl.store.private_files import opener

LONG_SILENCE = bytes((SILENCE[0] | 3, 6)) + SILENCE[1:] * 6
"""120 ms of silence in one packet (RFC 6716, 3.2.5: code 3, six frames of one size)."""
LONG_TICKS = 6
"""Ticks of `LONG_SILENCE`."""
PAGE_PACKETS = 50


@dataclass(frozen=True)
class TrackFile:
    """A finished file: its name, duration, size and SHA-256."""

    name: str
    duration_ms: int
    bytes: int
    sha256: str


class Track:
    """One file that is being written. Its next frame is at tick `ticks`."""

    def __init__(self, path: Path) -> None:
        """Begin the file, or continue one that was interrupted. Raises OSError."""
        self.path = path
        self._writer = OggOpusWriter()
        mode = "r+b" if path.exists() else "x+b"
        self._file = cast(BinaryIO, open(path, mode, opener=opener))  # noqa: SIM115  # until `close`
        try:
            found = tail(self._file)
        except OggError:  # new, or interrupted before its first page was complete
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
        """Ticks written so far."""
        return self._writer.samples // TICK_SAMPLES

    def write(self, frames: Iterable[tuple[int, bytes]], until: int) -> None:
        """Write frames at their ticks, rising, and silence up to `until` where there are none. A frame that is too late
        is dropped. Raises OSError.
        """
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
        """Mark the end of the stream and close the file. Raises OSError."""
        with self._file:
            finish(self._file)
            self._file.flush()
            os.fsync(self._file.fileno())
        return described(self.path)

    def abandon(self) -> None:
        """Close the file without marking the end, so that another process can continue it."""
        self._file.close()


def closed(path: Path) -> TrackFile:
    """Mark the end of a file that is not being written any more, and describe it. Raises OggError or OSError."""
    with path.open("r+b") as file:
        finish(file)
    return described(path)


def described(path: Path) -> TrackFile:
    """Describe a finished file. Raises OggError or OSError."""
    with path.open("rb") as file:
        samples = tail(file).samples
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TrackFile(path.name, samples // 48, path.stat().st_size, digest)


def silence(ticks: int) -> list[bytes]:
    """Packets of silence for `ticks` ticks, as few as possible."""
    return [LONG_SILENCE] * (ticks // LONG_TICKS) + [SILENCE] * (ticks % LONG_TICKS) if ticks > 0 else []


def one_tick(packet: bytes) -> bytes:
    """The packet, or silence if it is not 20 ms of Opus."""
    try:
        return packet if packet_samples(packet) == TICK_SAMPLES else SILENCE
    except OggError:
        return SILENCE
