"""Makes our answers to offers of WHIP and WHEP clients (RFC 8829, RFC 9143), and the lines of our candidates (RFC 8839)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spacesctl.rtc.sdp import LEVEL_URI, Offer, SdpError, Section

UDP_HOST: Final = 126
"""The type preference of our UDP candidates."""
TCP_HOST: Final = 90
"""The type preference of our TCP candidates: below all kinds of UDP candidates except relays."""
PASSIVE: Final = 4
"""The direction preference of a passive TCP candidate (RFC 6544, 4.2)."""

FMTP: Final = "minptime=10;useinbandfec=1;usedtx=1"
"""The Opus parameters of our answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Our answer, and the parts of it that the engine needs. `dtls` is the role *we* take."""

    sdp: str
    payload_type: int
    level_extension: int
    nack: bool
    red: int
    dtls: Literal["client", "server"]
    mid: str


def answer(
    offer: Offer,
    *,
    kind: Literal["up", "down"],
    candidates: Sequence[tuple[str, int]],
    fingerprint: str,
    ufrag: str,
    pwd: str,
    ssrc: int,
    cname: str,
    tcp: Sequence[tuple[str, int]] = (),
) -> Answer:
    """Answer an offer: with `up` we receive the client's audio (`recvonly`), with `down` we send it ours (`sendonly`).

    `candidates` are the addresses of our one UDP port as (host, port), IPv4 or IPv6, at least one, the preferred one first; `tcp` are
    those where we also listen over TCP; `fingerprint` is the SHA-256 of our certificate; `ssrc` and `cname` are those of our audio.
    Raises `SdpError("wrong_direction")` when the offer only sends where the client should receive, or the other way round.
    """
    if offer.direction == ("recvonly" if kind == "up" else "sendonly"):
        raise SdpError("wrong_direction")
    role: Literal["client", "server"] = "client" if offer.setup == "passive" else "server"
    level = offer.level_extension if kind == "up" else 0
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    if offer.bundled:
        lines.insert(4, f"a=group:BUNDLE {' '.join(dict.fromkeys((offer.transport_mid, offer.mid)))}")
    transport = ["a=rtcp-mux", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", f"a=fingerprint:sha-256 {fingerprint}"]
    transport.append("a=setup:active" if role == "client" else "a=setup:passive")
    addresses = [*candidate_lines(candidates, tcp), "a=end-of-candidates"]
    host, port = candidates[0]
    address = f"c=IN {'IP6' if ':' in host else 'IP4'} {host}"
    for place, section in enumerate(offer.sections):
        if place == offer.tagged != offer.audio:
            lines += [*_inactive(section, port, address), *transport, *addresses]
        elif place != offer.audio:
            lines += _rejected(section)
        if place != offer.audio:
            continue
        payload, mid = offer.payload_type, section.mid
        lines += [
            f"m=audio {port} {section.profile} {' '.join(map(str, _formats(offer, kind)))}",
            address,
            f"a=mid:{mid}",
            "a=recvonly" if kind == "up" else "a=sendonly",
            f"a=rtpmap:{payload} opus/48000/2",
            f"a=fmtp:{payload} {FMTP}",
            "a=ptime:20",
        ]
        if offer.red:
            lines += [f"a=rtpmap:{offer.red} red/48000/2", f"a=fmtp:{offer.red} {payload}/{payload}"]
        if offer.nack:
            lines.append(f"a=rtcp-fb:{payload} nack")
        if level:
            lines.append(f"a=extmap:{level} {LEVEL_URI}")
        if kind == "down":
            lines += [f"a=msid:{cname} {cname}", f"a=ssrc:{ssrc} cname:{cname}"]
        # aiortc wants the credentials in every section that is accepted, and libwebrtc writes them there, too.
        lines += [*transport, *(addresses if offer.tagged == offer.audio else [])]
    return Answer("\r\n".join(lines) + "\r\n", offer.payload_type, level, offer.nack, offer.red, role, offer.mid)


def _formats(offer: Offer, kind: Literal["up", "down"]) -> list[int]:
    """The payload types of our answer, the preferred one first: what a client sends us it should send with copies, which our listeners get
    only while they lose packets."""
    if not offer.red:
        return [offer.payload_type]
    return [offer.red, offer.payload_type] if kind == "up" else [offer.payload_type, offer.red]


def _inactive(section: Section, port: int, address: str) -> list[str]:
    """The answer to a section that is accepted for its transport alone."""
    payload = section.formats[0]
    lines = [f"m={section.kind} {port} {section.profile} {payload}", address, f"a=mid:{section.mid}", "a=inactive"]
    return lines if section.codec is None else [*lines, f"a=rtpmap:{payload} {section.codec}"]


def _rejected(section: Section) -> list[str]:
    """The answer to a section that we reject (RFC 3264, 6): port 0, and not in the BUNDLE group."""
    return [
        f"m={section.kind} 0 {section.profile} {' '.join(section.formats)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def candidate_lines(udp: Sequence[tuple[str, int]], tcp: Sequence[tuple[str, int]] = ()) -> list[str]:
    """SDP lines of host candidates, given as (host, port). Earlier ones have a higher priority (RFC 8445, 5.1.2.1), and all UDP candidates
    a higher one than the TCP candidates (RFC 6544, 4.2)."""
    lines = []
    for number, (host, port) in enumerate([*udp, *tcp], 1):
        over_tcp = number > len(udp)
        kind = TCP_HOST if over_tcp else UDP_HOST
        local = (PASSIVE << 13) + 8191 - number if over_tcp else 65_535 - number
        line = f"{number} 1 {'tcp' if over_tcp else 'udp'} {(kind << 24) + (local << 8) + 255} {ipaddress.ip_address(host)} {port}"
        lines.append(f"a=candidate:{line} typ host" + (" tcptype passive" if over_tcp else ""))
    return lines
