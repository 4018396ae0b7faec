"""Parses SDP offers of WHIP and WHEP clients, and makes our answers (the necessary parts of RFC 8829; RFC 9725, RFC 8839, RFC 8843).

An offer is read by aiortc's parser and reduced to what a Space needs: one bundled audio section with Opus. The answer has ICE-lite,
rtcp-mux and one BUNDLE. All other sections are rejected with port 0, so a client that also offers video (OBS) can still send audio.
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
"""The header extension with the audio level of each packet (RFC 6464)."""
MAX_OFFER: Final = 64 * 1024
"""Characters of an offer at most. Chromium offers about 6 KiB for audio and video."""
MAX_SECTIONS: Final = 16
"""Media sections of an offer at most."""

UDP_HOST: Final = 126
"""The type preference of our UDP candidates."""
TCP_HOST: Final = 90
"""The type preference of our TCP candidates: below all kinds of UDP candidates except relays."""
PASSIVE: Final = 4
"""The direction preference of a passive TCP candidate (RFC 6544, 4.2)."""

FMTP: Final = "minptime=10;useinbandfec=1;usedtx=1"
"""The Opus parameters of our answers."""
FINGERPRINTS: Final = frozenset(("sha-256", "sha-384", "sha-512"))
"""The hash algorithms of fingerprints that we accept."""

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
    "not_bundled": "the audio section is neither in the offer's BUNDLE group nor the only section",
    "wrong_direction": "the audio section's direction does not fit this URL",
}
_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`{|}~-]{1,64}\Z", re.ASCII)
UFRAG: Final = re.compile(r"[A-Za-z0-9+/=_-]{4,256}\Z")
"""A valid ICE user name."""
PASSWORD: Final = re.compile(r"[A-Za-z0-9+/=_-]{22,256}\Z")
"""A valid ICE password."""
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}:){31,63}[0-9A-F]{2}\Z")


class SdpError(ValueError):
    """An offer that cannot be answered. `reason` is a stable code; the message explains it to the user."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(_EXPLAINED[reason])


@dataclass(frozen=True, slots=True)
class Section:
    """The parts of a media section that an answer must repeat."""

    kind: str
    profile: str
    formats: tuple[str, ...]
    mid: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The relevant content of an offer. `audio` is the index of the audio section in `sections`; `setup` says which DTLS roles the client
    can take; `nack` whether the client supports NACK (RFC 4585); `level_extension` is the id of RFC 6464's header extension, or 0."""

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
        """The identification of the audio section."""
        return self.sections[self.audio].mid


@dataclass(frozen=True, slots=True)
class Answer:
    """Our answer, and the parts of it that the engine needs. `dtls` is the role *we* take."""

    sdp: str
    payload_type: int
    level_extension: int
    nack: bool
    dtls: Literal["client", "server"]
    mid: str


def parse_offer(text: str) -> Offer:
    """Parse an offer. Raises `SdpError` when a Space cannot answer it."""
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
        # ignored: mypy infers the dictionary's values as `str`, not as these literals
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
        raise SdpError("malformed") from error  # what aiortc's parser raises on invalid text


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
    """Whether the answer has a BUNDLE group. Raises SdpError when the audio section is in no group and is not the only section."""
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
    """The id of the audio level extension, or 0. Ids above 14 do not fit the one-byte header that we read (RFC 8285, 4.2)."""
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
            return "sendrecv"  # also the default (RFC 8866, 6.7)


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
