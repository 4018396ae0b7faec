"""What a datagram on the one UDP port is, by its first byte (RFC 7983, 7), and RTP from RTCP (RFC 5761, 4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Kind(IntEnum):  # numbers, since finding something by any other member calls a method
    STUN = 0
    DTLS = 1
    RTP = 2
    RTCP = 3
    OTHER = 4


STUN, DTLS, RTP, RTCP, OTHER = Kind
_BY_FIRST: Final = [STUN] * 4 + [OTHER] * 16 + [DTLS] * 44 + [OTHER] * 64 + [RTP] * 64 + [OTHER] * 64


def kind(datagram: bytes) -> Kind:
    """Which of the protocols a datagram belongs to; `OTHER` is dropped."""
    if len(datagram) < 2:
        return OTHER
    found = _BY_FIRST[datagram[0]]
    return RTCP if found is RTP and 192 <= datagram[1] < 224 else found
