"""Tells STUN, DTLS, RTP and RTCP on one port apart, by the first bytes of a datagram (RFC 7983, 7; RFC 5761, 4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Kind(IntEnum):  # integers, because other enum members are hashed by a Python method, which is slow as a dict key
    """The protocol of a datagram."""

    STUN = 0
    DTLS = 1
    RTP = 2
    RTCP = 3
    OTHER = 4


STUN, DTLS, RTP, RTCP, OTHER = Kind
_BY_FIRST: Final = [STUN] * 4 + [OTHER] * 16 + [DTLS] * 44 + [OTHER] * 64 + [RTP] * 64 + [OTHER] * 64


def kind(datagram: bytes) -> Kind:
    """The protocol that a datagram belongs to; `OTHER` for none of them."""
    if len(datagram) < 2:
        return OTHER
    found = _BY_FIRST[datagram[0]]
    return RTCP if found is RTP and 192 <= datagram[1] < 224 else found
