"""The binary messages of a WebSocket lane, big-endian:

    u8 version | u8 kind | u16 n | u64 tick   and n times   u16 lane | u8 flags | u8 0 | u16 length | Opus payload

`LANES` carries each lane of a tick separately, `MIX` one mixed output (its lane field is 0), `UPLINK` one frame of a program
that speaks, where `tick` is that program's own frame counter. Small clients import this module, so it uses only the standard library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

VERSION: Final = 1
"""The version of the format."""

LANES: Final = 1
MIX: Final = 2
UPLINK: Final = 3
KINDS: Final = frozenset((LANES, MIX, UPLINK))

FLAG_ACTIVE: Final = 1
"""Flag: the server's activity detector says that somebody talks in this frame."""
FLAG_LOST: Final = 2
"""Flag: the lane is open but its frame was lost; the payload is empty."""

MAX_FRAMES: Final = 64
"""Frames in a message at most."""
MAX_PAYLOAD: Final = 1275
"""Bytes of the longest Opus packet of one frame (RFC 6716, 3.4)."""
MAX_MESSAGE: Final = 12 + MAX_FRAMES * (6 + MAX_PAYLOAD)
"""Bytes of the longest message."""

_HEAD: Final = struct.Struct(">BBHQ")
_FRAME: Final = struct.Struct(">HBBH")


class FramingError(ValueError):
    """A message that violates the format. `reason` says what is wrong with it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"lane message: {reason}")


class Frame(NamedTuple):
    """One Opus packet of one lane, with its `flags`."""

    lane: int
    flags: int
    payload: bytes


class Message(NamedTuple):
    """One message: its kind, its tick on the Space clock (for `UPLINK` the sender's counter), its frames."""

    kind: int
    tick: int
    frames: list[Frame]


def pack(kind: int, tick: int, frames: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Make a message of frames, given as (lane, flags, payload). Raises `FramingError` for values that the format cannot hold."""
    parts = [b""]
    for lane, flags, payload in frames:
        if not (0 <= lane <= 0xFFFF and 0 <= flags <= 0xFF and len(payload) <= MAX_PAYLOAD):
            raise FramingError(f"frame out of range (lane {lane}, flags {flags}, {len(payload)} bytes)")
        parts.append(_FRAME.pack(lane, flags, 0, len(payload)))
        parts.append(payload)
    count = len(parts) // 2
    if kind not in KINDS or not 0 <= tick < 1 << 64 or count > MAX_FRAMES or (kind == UPLINK and count != 1):
        raise FramingError(f"head out of range (kind {kind}, tick {tick}, {count} frames)")
    parts[0] = _HEAD.pack(VERSION, kind, count, tick)
    return b"".join(parts)


def unpack(data: bytes) -> Message:
    """Parse one message. Raises `FramingError` when it is malformed: unknown version or kind, too short, too long, or out of range."""
    if len(data) < _HEAD.size:
        raise FramingError("shorter than its head")
    version, kind, count, tick = _HEAD.unpack_from(data)
    if version != VERSION:
        raise FramingError(f"version {version}")
    if kind not in KINDS:
        raise FramingError(f"kind {kind}")
    if count > MAX_FRAMES or (kind == UPLINK and count != 1):
        raise FramingError(f"{count} frames")
    frames, at = [], _HEAD.size
    for _ in range(count):
        frame, at = _frame(data, at)
        frames.append(frame)
    if at != len(data):
        raise FramingError("bytes after the last frame")
    return Message(kind, tick, frames)


def _frame(data: bytes, at: int) -> tuple[Frame, int]:
    start = at + _FRAME.size
    if start > len(data):
        raise FramingError("ends inside a frame's head")
    lane, flags, zero, length = _FRAME.unpack_from(data, at)
    if zero or length > MAX_PAYLOAD:
        raise FramingError(f"frame of {length} bytes" if not zero else "reserved byte is not zero")
    end = start + length
    if end > len(data):
        raise FramingError("ends inside a payload")
    return Frame(lane, flags, bytes(data[start:end])), end
