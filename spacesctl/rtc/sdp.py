"""Parses SDP offers of WHIP and WHEP clients (the necessary parts of RFC 8829; RFC 9725, RFC 8839, RFC 9143).

An offer is reduced to what a Space needs: the first usable audio section with Opus. The answer has ICE-lite, rtcp-mux and one BUNDLE.
The section whose transport the group uses (the *tagged* one, RFC 9143) is accepted too where it is another, but as inactive: with
`max-bundle` the audio section has no transport of its own. All other sections are rejected with port 0, so a client that also offers video
can send audio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from spacesctl.rtc import sdp_lines
from spacesctl.rtc.sdp_lines import Description, Media

LEVEL_URI: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
"""The header extension with the audio level of each packet (RFC 6464)."""
MAX_OFFER: Final = sdp_lines.MOST
"""Characters of an offer at most."""

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
    """The parts of a media section that an answer must repeat. `codec` is what its first format stands for, if it says so."""

    kind: str
    profile: str
    formats: tuple[str, ...]
    mid: str
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """The relevant content of an offer. `audio` is the index of the audio section in `sections`, `tagged` that of the section whose
    transport is used (often the same one); `setup` says which DTLS roles the client can take; `nack` whether the client supports NACK
    (RFC 4585); `red` is the payload type of Opus with copies of earlier packets (RFC 2198), or 0; `level_extension` is the id of RFC 6464's
    header extension, or 0."""

    sections: tuple[Section, ...]
    audio: int
    tagged: int
    bundled: bool
    payload_type: int
    level_extension: int
    nack: bool
    red: int
    direction: Literal["sendrecv", "sendonly", "recvonly"]
    setup: Literal["actpass", "active", "passive"]
    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]

    @property
    def mid(self) -> str:
        """The identification of the audio section."""
        return self.sections[self.audio].mid

    @property
    def transport_mid(self) -> str:
        """The identification of the section that the transport belongs to."""
        return self.sections[self.tagged].mid


def parse_offer(text: str) -> Offer:
    """Parse an offer. Raises `SdpError` when a Space cannot answer it."""
    try:
        described = sdp_lines.read(text)
    except sdp_lines.MalformedError as error:
        raise SdpError("malformed") from error
    place = _audio(described)
    media = described.media[place]
    bundled, tagged = _group(described, place)
    transport = described.media[tagged]
    if media.first("rtcp-mux") is None and transport.first("rtcp-mux") is None:
        raise SdpError("no_rtcp_mux")
    ufrag, pwd = transport.first("ice-ufrag") or "", transport.first("ice-pwd") or ""
    if not (UFRAG.match(ufrag) and PASSWORD.match(pwd)):
        raise SdpError("no_ice")
    return Offer(
        sections=tuple(map(_section, described.media)),
        audio=place,
        tagged=tagged,
        bundled=bundled,
        payload_type=_opus(media) or 0,
        level_extension=_level_extension(media),
        nack=_nack(media),
        red=_red(media),
        direction=_direction(media),
        setup=_setup(transport),
        ufrag=ufrag,
        pwd=pwd,
        fingerprints=_fingerprints(transport),
    )


def _audio(described: Description) -> int:
    """The place of the first audio section that can be used. Raises SdpError with what is wrong with the first one if there is none."""
    audio = [(place, one) for place, one in enumerate(described.media) if one.kind == "audio" and one.is_offered]
    audio = [(place, one) for place, one in audio if "SAVPF" in one.profile and one.direction != "inactive"]
    if not audio:
        raise SdpError("no_audio")
    for place, one in audio:
        if _opus(one) is not None:
            return place
    raise SdpError("no_opus")


def _group(described: Description, place: int) -> tuple[bool, int]:
    """Whether the answer has a BUNDLE group, and the place of the section whose transport is used: the first of the group that has one
    (RFC 9143, 7.3.1). Raises SdpError when the audio section is in no group and is not the only section."""
    media = described.media[place]
    group = next((mids for mids in described.groups if media.mid in mids), None)
    if group is None:
        if described.groups or len(described.media) > 1:
            raise SdpError("not_bundled")
        return False, place
    places = {one.mid: number for number, one in enumerate(described.media)}
    for mid in group:
        one = described.media[places[mid]] if mid in places else None
        if one is not None and one.kind in ("audio", "video") and one.port and one.first("ice-ufrag"):
            return True, places[mid]
    return True, place


def _section(media: Media) -> Section:
    return Section(media.kind, media.profile, media.formats, media.mid, media.codec(media.formats[0]))


def _opus(media: Media) -> int | None:
    """The payload type of Opus, the preferred one if there are several."""
    for payload in media.formats:
        name, _, rates = (media.codec(payload) or "").partition("/")
        if name.lower() == "opus" and rates.partition("/")[0] == "48000" and payload.isdecimal() and int(payload) < 128:
            return int(payload)
    return None


def _red(media: Media) -> int:
    """The payload type of copies of the preferred Opus (RFC 2198), or 0. It stands for packets of Opus alone: its parameters say which."""
    opus = str(_opus(media))
    for payload in media.formats:
        name, _, rates = (media.codec(payload) or "").partition("/")
        if name.lower() == "red" and rates.partition("/")[0] == "48000" and payload.isdecimal() and int(payload) < 128:
            inside = {one for line in media.all("fmtp") for one in _inside(line, payload)}
            if inside == {opus}:
                return int(payload)
    return 0


def _inside(fmtp: str, payload: str) -> list[str]:
    """The payload types that a line `fmtp` of RED names, such as `63 111/111`; nothing for a line of another payload type."""
    number, _, inside = fmtp.strip().partition(" ")
    return inside.strip().split("/") if number == payload else []


def _nack(media: Media) -> bool:
    wanted = {f"{_opus(media)} nack", "* nack"}
    return any(" ".join(one.split()) in wanted for one in media.all("rtcp-fb"))


def _level_extension(media: Media) -> int:
    """The id of the audio level extension, or 0. Ids above 14 do not fit the one-byte header that we read (RFC 8285, 4.2)."""
    for one in media.all("extmap"):
        number, uri = (*one.split(), "", "")[:2]  # a direction may follow the number, and attributes the URI
        number = number.partition("/")[0]
        if uri == LEVEL_URI and re.fullmatch("[1-9]|1[0-4]", number):
            return int(number)
    return 0


def _direction(media: Media) -> Literal["sendrecv", "sendonly", "recvonly"]:
    match media.direction:
        case "sendonly":
            return "sendonly"
        case "recvonly":
            return "recvonly"
        case _:
            return "sendrecv"


def _setup(transport: Media) -> Literal["actpass", "active", "passive"]:
    match transport.first("setup"):
        case "actpass":
            return "actpass"
        case "active":
            return "active"
        case "passive":
            return "passive"
        case _:
            raise SdpError("no_setup")


def _fingerprints(transport: Media) -> tuple[tuple[str, str], ...]:
    prints = [[*one.split(), "", ""][:2] for one in transport.all("fingerprint")]
    found = tuple((name.lower(), value.upper()) for name, value in prints)
    found = tuple(one for one in found if one[0] in FINGERPRINTS and _HEX.match(one[1]))
    if not found:
        raise SdpError("no_fingerprint")
    return found
