"""What a datagram on the one UDP port is, by its first byte (RFC 7983, 7), and RTP from RTCP (RFC 5761, 4)."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    STUN = "stun"
    DTLS = "dtls"
    RTP = "rtp"
    RTCP = "rtcp"
    OTHER = "other"


def kind(datagram: bytes) -> Kind:
    """Which of the protocols a datagram belongs to; `OTHER` is dropped."""
    if len(datagram) < 2:
        return Kind.OTHER
    first = datagram[0]
    if first < 4:
        return Kind.STUN
    if 20 <= first < 64:
        return Kind.DTLS
    if 128 <= first < 192:
        return Kind.RTCP if 192 <= datagram[1] < 224 else Kind.RTP
    return Kind.OTHER
