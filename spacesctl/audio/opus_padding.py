"""Opus packets of a least size: padding that every decoder skips (RFC 6716, 3.2.5)."""

from __future__ import annotations

from typing import Final

_VBR, _PADDED = 0x80, 0x40
_FRAMES: Final = {0: 1, 1: 2, 2: 2 | _VBR}
"""The frame count byte of code 3 that says the same as the codes 0 to 2. What follows it is laid out alike."""


def padded(packet: bytes, size: int) -> bytes:
    """The packet, made `size` bytes long. One that is longer, or padded already, is returned as it is.

    `packet` must be a valid Opus packet, as `ogg.packet_samples` checks.
    """
    code = packet[0] & 3
    if code == 3:
        count, rest = packet[1], packet[2:]
    else:
        count, rest = _FRAMES[code], packet[1:]
    room = size - 2 - len(rest)
    if room < 0 or count & _PADDED or len(packet) >= size:
        return packet
    if not room:
        return bytes((packet[0] | 3, count)) + rest
    # A length byte of 255 stands for 254 bytes, and says that another one follows.
    more = (room - 1) // 255
    zeros = room - more - 1
    length = b"\xff" * more + bytes((zeros - 254 * more,))
    return bytes((packet[0] | 3, count | _PADDED)) + length + rest + bytes(zeros)
