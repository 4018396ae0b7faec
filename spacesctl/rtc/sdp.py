"""Offers of WHIP and WHEP clients, and our answers to them (RFC 8829 in what it needs, RFC 9725, RFC 8839, RFC 8843).

An offer is read by aiortc's parser and reduced to what a Space needs: one bundled audio section with Opus. The answer is
ICE-lite, rtcp-mux, one BUNDLE; every other section is rejected with port 0, which leaves a client with video (OBS) its sound.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

LEVEL_URI: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
"""RFC 6464: the client tells how loud each packet is."""
MAX_OFFER: Final = 64 * 1024
"""Bytes. Chromium offers about 6 KiB for sound and picture."""
MAX_SECTIONS: Final = 16

UDP_HOST: Final = 126
TCP_HOST: Final = 90
"""Type preferences: over TCP below everything that is possible over UDP but a relay."""
PASSIVE: Final = 4
"""What RFC 6544, 4.2 puts before a local preference."""

FMTP: Final = "minptime=10;useinbandfec=1;usedtx=1"
FINGERPRINTS: Final = frozenset(("sha-256", "sha-384", "sha-512"))

Reason = Literal[
    "malformed",
    "no_audio",
    "no_opus",
    "no_fingerprint",
    "no_ice",
    "no_setup",
    "no_rtcp_mux",
    "not_bundled",
    "wrong_direction",
]
_EXPLAINED: Final[dict[Reason, str]] = {
    "malformed": "this is not a session description",
    "no_audio": "the offer has no usable audio section",
    "no_opus": "the audio section does not offer Opus at 48 kHz",
    "no_fingerprint": "the offer has no certificate fingerprint of SHA-256, SHA-384 or SHA-512",
    "no_ice": "the offer has no ICE user name and password",
    "no_setup": "the offer does not say which DTLS roles it can take",
    "no_rtcp_mux": "the offer wants RTCP on a second port",
    "not_bundled": "the audio section is not the head of the offer's BUNDLE group, nor alone",
    "wrong_direction": "the audio section's direction is not the one that this address serves",
}
_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`{|}~-]{1,64}\Z", re.ASCII)
UFRAG: Final = re.compile(r"[A-Za-z0-9+/=_-]{4,256}\Z")
PASSWORD: Final = re.compile(r"[A-Za-z0-9+/=_-]{22,256}\Z")
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}:){31,63}[0-9A-F]{2}\Z")


class SdpError(ValueError):
    """An offer that cannot be answered: `reason` is a stable code, the message is for the person who reads it."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(_EXPLAINED[reason])


@dataclass(frozen=True, slots=True)
class Section:
    """One media section of an offer, as far as an answer must repeat it."""

    kind: str
    profile: str
    formats: tuple[str, ...]
    mid: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What an offer says. `audio` is the place of the audio section in `sections`; `setup` what DTLS roles it can take;
    `nack` whether it sends lost packets again, or asks for them (RFC 4585)."""

    sections: tuple[Section, ...]
    audio: int
    bundled: bool
    payload_type: int
    level_extension: int
    nack: bool
    direction: Literal["sendrecv", "sendonly", "recvonly"]
    setup: Literal["actpass", "active", "passive"]
    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]

    @property
    def mid(self) -> str:
        return self.sections[self.audio].mid


@dataclass(frozen=True, slots=True)
class Answer:
    """Our answer, and what of it the engine must know. `dtls` is the role *we* take."""

    sdp: str
    payload_type: int
    level_extension: int
    nack: bool
    dtls: Literal["client", "server"]
    mid: str


def parse_offer(text: str) -> Offer:
    """Read an offer. Raises `SdpError` with the reason when no Space could answer it."""
    session = _parse(text)
    place, media = _audio(session)
    ice, dtls = media.ice, media.dtls
    sections = tuple(_section(one, number) for number, one in enumerate(session.media))
    if len({section.mid for section in sections}) < len(sections):
        raise SdpError("malformed")
    if not media.rtcp_mux:
        raise SdpError("no_rtcp_mux")
    ufrag, pwd = (ice.usernameFragment or "", ice.password or "") if ice else ("", "")
    if not (UFRAG.match(ufrag) and PASSWORD.match(pwd)):
        raise SdpError("no_ice")
    if dtls is None:
        raise SdpError("no_setup")
    prints = tuple((one.algorithm.lower(), one.value.upper()) for one in dtls.fingerprints)
    prints = tuple(one for one in prints if one[0] in FINGERPRINTS and _HEX.match(one[1]))
    if not prints:
        raise SdpError("no_fingerprint")
    return Offer(
        sections=sections,
        audio=place,
        bundled=_is_bundled(session, sections, place),
        payload_type=_opus(media),
        level_extension=_level_extension(media),
        nack=_nack(media),
        direction=_direction(media),
        setup={"auto": "actpass", "client": "active", "server": "passive"}[dtls.role],  # type: ignore[arg-type]
        ufrag=ufrag,
        pwd=pwd,
        fingerprints=prints,
    )


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
    """Answer an offer: `up` takes the client's sound (`recvonly`), `down` sends it ours (`sendonly`).

    `candidates` are the addresses of our one UDP port, IPv4 or IPv6, at least one, the preferred first; `tcp` those where we
    also listen over TCP;
    `fingerprint` is the SHA-256 of our certificate.
    Raises `SdpError("wrong_direction")` when the offer only sends where it should receive, or the other way.
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
        lines.insert(4, f"a=group:BUNDLE {offer.mid}")
    for place, section in enumerate(offer.sections):
        if place != offer.audio:
            lines += _rejected(section)
            continue
        payload, mid = offer.payload_type, section.mid
        host, port = candidates[0]
        lines += [
            f"m=audio {port} {section.profile} {payload}",
            f"c=IN {'IP6' if ':' in host else 'IP4'} {host}",
            "a=rtcp-mux",
            f"a=mid:{mid}",
            "a=recvonly" if kind == "up" else "a=sendonly",
            f"a=rtpmap:{payload} opus/48000/2",
            f"a=fmtp:{payload} {FMTP}",
            "a=ptime:20",
        ]
        if offer.nack:
            lines.append(f"a=rtcp-fb:{payload} nack")
        if level:
            lines.append(f"a=extmap:{level} {LEVEL_URI}")
        if kind == "down":
            lines += [f"a=msid:{cname} {cname}", f"a=ssrc:{ssrc} cname:{cname}"]
        lines += [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}"]
        lines += candidate_lines(candidates, tcp)
        lines += ["a=end-of-candidates", f"a=fingerprint:sha-256 {fingerprint}"]
        lines.append("a=setup:active" if role == "client" else "a=setup:passive")
    return Answer("\r\n".join(lines) + "\r\n", offer.payload_type, level, offer.nack, role, offer.mid)


def _parse(text: str) -> SessionDescription:
    if len(text) > MAX_OFFER or not text.startswith("v=0") or text.count("\nm=") > MAX_SECTIONS:
        raise SdpError("malformed")
    try:
        return SessionDescription.parse(text)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, AssertionError, StopIteration) as error:
        raise SdpError("malformed") from error  # what the parser lets fall out on text that is no description


def _audio(session: SessionDescription) -> tuple[int, MediaDescription]:
    for place, media in enumerate(session.media):
        if media.kind == "audio" and media.port and "SAVPF" in media.profile:
            return place, media
    raise SdpError("no_audio")


def _section(media: MediaDescription, number: int) -> Section:
    mid = media.rtp.muxId or str(number)
    formats = tuple(str(one) for one in media.fmt)
    if not (_TOKEN.match(mid) and _TOKEN.match(media.kind) and all(_TOKEN.match(one) for one in formats)):
        raise SdpError("malformed")
    return Section(media.kind, media.profile, formats, mid)


def _is_bundled(session: SessionDescription, sections: tuple[Section, ...], place: int) -> bool:
    """Whether the answer has a BUNDLE group: sound that is not part of the offer's group must stand alone."""
    groups = [group.items for group in session.group if group.semantic == "BUNDLE"]
    if any(sections[place].mid in items for items in groups):
        return True
    if groups or len(sections) > 1:
        raise SdpError("not_bundled")
    return False


def _opus(media: MediaDescription) -> int:
    for codec in media.rtp.codecs:
        if _is_opus(codec, media):
            return int(codec.payloadType or 0)
    raise SdpError("no_opus")


def _is_opus(codec: RTCRtpCodecParameters, media: MediaDescription) -> bool:
    return codec.mimeType.lower() == "audio/opus" and codec.clockRate == 48_000 and codec.payloadType in media.fmt


def _nack(media: MediaDescription) -> bool:
    codec = next((one for one in media.rtp.codecs if _is_opus(one, media)), None)
    return codec is not None and any(one.type == "nack" and not one.parameter for one in codec.rtcpFeedback)


def _level_extension(media: MediaDescription) -> int:
    """Its id, or 0. Ids above 14 do not fit the one-byte header (RFC 8285, 4.2) that we read."""
    for extension in media.rtp.headerExtensions:
        if extension.uri == LEVEL_URI and 1 <= extension.id <= 14:
            return int(extension.id)
    return 0


def _direction(media: MediaDescription) -> Literal["sendrecv", "sendonly", "recvonly"]:
    match media.direction:
        case "sendonly":
            return "sendonly"
        case "recvonly":
            return "recvonly"
        case "inactive":
            raise SdpError("no_audio")
        case _:
            return "sendrecv"  # also when it says nothing (RFC 8866, 6.7)


def _rejected(section: Section) -> list[str]:
    """A section that we do not take (RFC 3264, 6): port 0; it stays out of the group."""
    return [
        f"m={section.kind} 0 {section.profile} {' '.join(section.formats)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def candidate_lines(udp: Sequence[tuple[str, int]], tcp: Sequence[tuple[str, int]] = ()) -> list[str]:
    """Host candidates; the first named is preferred (RFC 8445, 5.1.2.1), and any over UDP to all over TCP (RFC 6544, 4.2)."""
    lines = []
    for number, (host, port) in enumerate([*udp, *tcp], 1):
        over_tcp = number > len(udp)
        kind = TCP_HOST if over_tcp else UDP_HOST
        local = (PASSIVE << 13) + 8191 - number if over_tcp else 65_535 - number
        line = f"{number} 1 {'tcp' if over_tcp else 'udp'} {(kind << 24) + (local << 8) + 255} {ipaddress.ip_address(host)} {port}"
        lines.append(f"a=candidate:{line} typ host" + (" tcptype passive" if over_tcp else ""))
    return lines
