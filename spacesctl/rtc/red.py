"""Redundant audio in RTP (RFC 2198, "RED"): a packet's payload with copies of earlier payloads before it.

Each copy has a header of four bytes: a mark, its payload type, how many samples earlier it was, and its length. The payload itself comes
last, after one byte with its payload type.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

MOST_COPIES: Final = 8
"""Copies of a packet that are read. Browsers send one or two."""
MOST_OFFSET: Final = (1 << 14) - 1
"""Samples that a copy may be older at most: 341 ms."""
MOST_LENGTH: Final = (1 << 10) - 1
"""Bytes of a copy at most."""
_HEAD: Final = struct.Struct(">I")
_FOLLOWED: Final = 0x80


class RedError(ValueError):
    """Not a valid payload of RFC 2198."""


class Copy(NamedTuple):
    """A copy of an earlier payload: it began `offset` samples before the one that it came with."""

    offset: int
    payload: bytes


class Redundant(NamedTuple):
    """The payload of a packet, and copies of earlier ones, the oldest first."""

    payload: bytes
    copies: tuple[Copy, ...] = ()


def parse(data: bytes, payload_type: int) -> Redundant:
    """Take a payload apart. `payload_type` is that of the codec inside; copies in another one, and empty ones, are left out. Raises
    `RedError`, also when the payload itself is of another type."""
    heads, at = list[tuple[int, int, int]](), 0
    while at < len(data) and data[at] & _FOLLOWED:
        if len(heads) == MOST_COPIES or at + _HEAD.size > len(data):
            raise RedError("its headers do not end")
        (head,) = _HEAD.unpack_from(data, at)
        heads.append((head >> 24 & 0x7F, head >> 10 & MOST_OFFSET, head & MOST_LENGTH))
        at += _HEAD.size
    start = at + 1
    if start + sum(length for _, _, length in heads) > len(data):
        raise RedError("ends inside its copies")
    if data[at] != payload_type:
        raise RedError("the payload is of another type")
    copies = list[Copy]()
    for kind, offset, length in heads:
        if kind == payload_type and offset and length:
            copies.append(Copy(offset, data[start : start + length]))
        start += length
    return Redundant(data[start:], tuple(copies))


class RedWriter:
    """Makes the payloads of one stream: each with a copy of the payload before it, if that is near and short enough."""

    def __init__(self) -> None:
        self._before: tuple[bytes, int] | None = None

    def add(self, payload: bytes, timestamp: int) -> None:
        """Remember what was sent last, with its RTP timestamp, without making a payload."""
        self._before = (payload, timestamp)

    def made(self, payload: bytes, timestamp: int, payload_type: int) -> bytes:
        """The payload to send, for a stream whose codec has this payload type. It is not remembered: call `add` afterwards."""
        last = bytes((payload_type,)) + payload
        if self._before is None:
            return last
        copy, then = self._before
        offset = timestamp - then & 0xFFFFFFFF
        if not 0 < offset <= MOST_OFFSET or not 0 < len(copy) <= MOST_LENGTH:
            return last
        head = _HEAD.pack((_FOLLOWED | payload_type) << 24 | offset << 10 | len(copy))
        return head + last[:1] + copy + payload
