"""Parses and makes RTP packets (RFC 3550, 5.1), with the sender's audio level (RFC 6464, in RFC 8285's one-byte form)."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

HEADER: Final = struct.Struct(">BBHII")
"""The fixed header: version and flags, marker and payload type, sequence number, timestamp, SSRC."""
VERSION: Final = 0x80
"""The first byte of a header with version 2, and without padding, extension and CSRCs."""
_ONE_BYTE: Final = 0xBEDE


class RtpError(ValueError):
    """Not a valid RTP packet."""


class RtpPacket(NamedTuple):
    """A parsed packet. `level` is the sender's measurement in dBov (-127 to 0), None when the packet has none."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    level: int | None


def parse(packet: bytes, level_extension: int = 0) -> RtpPacket:
    """Parse a packet. `level_extension` is the negotiated header extension id of the audio level, 0 for none. Raises `RtpError`."""
    if len(packet) < HEADER.size or packet[0] >> 6 != 2:
        raise RtpError("not RTP version 2")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
    start = HEADER.size + 4 * (first & 0x0F)
    end = len(packet)
    level = None
    if first & 0x10:
        if start + 4 > end:
            raise RtpError("ends inside its extension")
        profile, words = struct.unpack_from(">HH", packet, start)
        extension, start = start + 4, start + 4 + 4 * words
        if start > end:
            raise RtpError("ends inside its extension")
        if profile == _ONE_BYTE and level_extension:
            level = _level(packet[extension:start], level_extension)
    if first & 0x20:
        end -= packet[-1] or end + 1  # padding counts itself, so it is never 0
    if start > end:
        raise RtpError("ends inside its header or padding")
    return RtpPacket(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, packet[start:end], level)


def header(payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool = False) -> bytes:
    """The 12 header bytes before a payload. `sequence` and `timestamp` are wrapped to 16 and 32 bits."""
    second = payload_type | 0x80 if marker else payload_type
    return HEADER.pack(VERSION, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)


def _level(extension: bytes, wanted: int) -> int | None:
    at = 0
    while at < len(extension):
        identity, length = extension[at] >> 4, (extension[at] & 0x0F) + 1
        at += 1
        if identity == 0:
            continue  # padding between elements
        if identity == 15:
            return None  # reserved: nothing after it may be read (RFC 8285, 4.2)
        if identity == wanted and at < len(extension):
            return -(extension[at] & 0x7F)
        at += length
    return None
