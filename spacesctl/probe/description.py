"""Writes the SDP offer or answer of our own WebRTC client, and reads what it needs from the other side's SDP.

One bundled audio section with Opus alone, as a browser offers it (RFC 8866, RFC 8839).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from spacesctl.domain.errors import Unavailable

PAYLOAD_TYPE: Final = 111
"""The payload type of Opus in our descriptions."""
RED: Final = 63
"""That of packets with copies of earlier ones (RFC 2198), where we offer it."""
Address = tuple[str, int]
"""Host and port."""
Direction = Literal["sendonly", "recvonly", "sendrecv"]
_CANDIDATE: Final = re.compile(r"^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+)", re.MULTILINE | re.IGNORECASE)


class NotConnected(Unavailable):
    """A client got no usable answer in time, for example because the server or this machine is overloaded. The message says what
    was missing."""


@dataclass(frozen=True)
class Description:
    """What one side's SDP says. `fingerprint` is the SHA-256 of its certificate as SDP writes it. `candidates` are those over UDP and
    IPv4, in the order of the SDP. `fec` tells whether it asks for copies of lost frames (in-band FEC); `red` is the payload type of packets
    with copies of earlier ones (RFC 2198), 0 for none."""

    ufrag: str
    pwd: str
    fingerprint: str
    payload_type: int = PAYLOAD_TYPE
    candidates: tuple[Address, ...] = ()
    fec: bool = False
    red: int = 0

    def address(self, *, loopback: bool = True) -> Address:
        """The first candidate on the loopback, or with `loopback=False` the first elsewhere. If there is none of those, the first one.

        Raises NotConnected when there is no candidate at all.
        """
        if not self.candidates:
            raise NotConnected("the answer has no candidate")
        return next((one for one in self.candidates if one[0].startswith("127.") == loopback), self.candidates[0])


def read(sdp: str) -> Description:
    """Parse an offer or an answer of the other side. Raises NotConnected naming the part that is missing."""
    candidates = tuple((host, int(port)) for host, port in _CANDIDATE.findall(sdp))
    if not candidates:
        raise NotConnected("the answer has no candidate")
    return Description(
        ufrag=_field("ice-ufrag:", sdp),
        pwd=_field("ice-pwd:", sdp),
        fingerprint=_field("fingerprint:sha-256 ", sdp),
        payload_type=int(_field(r"rtpmap:(?=\d+ opus/)", sdp).partition(" ")[0]),
        candidates=candidates,
        fec="useinbandfec=1" in sdp,
        red=int(_field(r"rtpmap:(?=\d+ red/)", sdp).partition(" ")[0]) if " red/48000" in sdp else 0,
    )


def write(
    ours: Description,
    direction: Direction,
    *,
    mid: str = "0",
    nack: bool = False,
    ssrc: int | None = None,
) -> str:
    """Our description, as an offer or (with the offer's `mid`) an answer. We start the DTLS handshake in both cases. `nack` offers to
    send lost packets again; `ssrc` is the SSRC of the packets that we send, if the description is to name it."""
    lines = [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        f"m=audio 9 UDP/TLS/RTP/SAVPF {ours.payload_type}{f' {ours.red}' if ours.red else ''}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp-mux",
        f"a=mid:{mid}",
        f"a={direction}",
        f"a=rtpmap:{ours.payload_type} opus/48000/2",
        *([f"a=fmtp:{ours.payload_type} minptime=10;useinbandfec=1"] if ours.fec else []),
        *(
            [f"a=rtpmap:{ours.red} red/48000/2", f"a=fmtp:{ours.red} {ours.payload_type}/{ours.payload_type}"]
            if ours.red
            else []
        ),
        *([f"a=rtcp-fb:{ours.payload_type} nack"] if nack else []),
        *(f"a=candidate:1 1 udp 2130706431 {host} {port} typ host" for host, port in ours.candidates),
        f"a=ice-ufrag:{ours.ufrag}",
        f"a=ice-pwd:{ours.pwd}",
        f"a=fingerprint:sha-256 {ours.fingerprint}",
        "a=setup:active",
        *([f"a=ssrc:{ssrc} cname:probe", f"a=ssrc:{ssrc} msid:probe probe"] if ssrc is not None else []),
    ]
    return "\r\n".join(lines) + "\r\n"


def _field(name: str, sdp: str) -> str:
    found = re.search(rf"^a={name}(.+?)\r?$", sdp, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise NotConnected(f"the answer has no {name.partition(':')[0]}")
    return found[1]
