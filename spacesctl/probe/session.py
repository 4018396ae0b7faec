"""A WebRTC client built on our own modules, without sockets and timers: descriptions, connectivity checks, DTLS, SRTP.

The owner of the socket (`PooledListener`, `RtcPeer`, clients in the tests) passes in each datagram, sends what `outgoing` returns
after every call, and calls `check` and `resend` when they are due.
"""

from __future__ import annotations

import secrets
from typing import Final

from aioice import stun

from spacesctl.probe import description
from spacesctl.probe.description import Address, Description, Direction, NotConnected
from spacesctl.rtc import demux, rtp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity, State
from spacesctl.rtc.srtp import Srtp

_PRIORITY: Final = 1_845_501_695
"""The priority of a peer-reflexive candidate, which each check names (RFC 8445, 7.1.1)."""


class Session:
    """One client: send the `offer`, `accept` the answer, send `check` until `answered`. After the DTLS handshake `srtp` is set.

    It accepts the answers of our server, Janus and aiortc.
    """

    def __init__(self, identity: Identity, ssrc: int | None = None) -> None:
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(16)
        self.ssrc = secrets.randbits(31) | 1 if ssrc is None else ssrc
        """The SSRC of the packets that we send."""
        self.theirs: Description | None = None
        self.answered = False
        """Whether a check was answered."""
        self.dtls: Dtls | None = None
        self.srtp: Srtp | None = None
        self._identity = identity
        self._waiting: list[bytes] = []

    def offer(
        self,
        direction: Direction,
        *,
        mid: str = "0",
        nack: bool = False,
        fec: bool = False,
        red: int = 0,
        candidate: Address | None = None,
    ) -> str:
        """Our description: an offer, or an answer to an offer with this `mid`. Without a candidate, the other side learns our address from
        our connectivity checks."""
        candidates = () if candidate is None else (candidate,)
        ours = Description(self.ufrag, self.pwd, self._identity.fingerprint, candidates=candidates, fec=fec, red=red)
        ssrc = self.ssrc if direction == "sendonly" else None
        return description.write(ours, direction, mid=mid, nack=nack, ssrc=ssrc)

    def accept(self, sdp: str) -> Description:
        """Take the other side's description. Raises NotConnected naming the part that is missing."""
        self.theirs = description.read(sdp)
        return self.theirs

    def check(self, pwd: str | None = None) -> bytes:
        """A connectivity check to send. It nominates its path and renews our consent. `pwd` replaces the other side's password."""
        theirs = self._known()
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{theirs.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(63)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((pwd or theirs.pwd).encode())
        return bytes(request)

    def receive(self, data: bytes, source: Address) -> Kind:
        """Take a datagram from `source` and return its kind. STUN and DTLS are handled here, RTP and RTCP are left to the caller.

        The first answer to a check starts the DTLS handshake.
        """
        kind = demux.kind(data)
        if kind is Kind.STUN:
            self._on_stun(data, source)
        elif kind is Kind.DTLS and self.dtls is not None:
            self.dtls.feed(data)
            if self.dtls.keys is not None and self.srtp is None:
                self.srtp = Srtp(self.dtls.keys)
        return kind

    def resend(self) -> None:
        """Send the last flight of the handshake again, if it is due."""
        if self.dtls is not None and self.dtls.timeout() == 0:
            self.dtls.on_timeout()

    def packet(
        self,
        sequence: int,
        timestamp: int,
        payload: bytes,
        *,
        marker: bool = False,
        ssrc: int | None = None,
        payload_type: int | None = None,
    ) -> bytes:
        """An encrypted RTP packet to send, of Opus or another `payload_type`. `timestamp` is in samples at 48 kHz. Raises NotConnected
        before there are keys."""
        if self.srtp is None:
            raise NotConnected("nobody was called")
        source = self.ssrc if ssrc is None else ssrc
        kind = self._known().payload_type if payload_type is None else payload_type
        head = rtp.header(kind, sequence, timestamp, source, marker=marker)
        return self.srtp.protect(head + payload)

    def close(self) -> None:
        """Close the DTLS session, if there is one."""
        if self.dtls is not None:
            self.dtls.close()

    @property
    def ended(self) -> bool:
        """Whether the DTLS session is closed, by either side."""
        return self.dtls is not None and self.dtls.state is State.CLOSED

    def outgoing(self) -> list[bytes]:
        """The datagrams to send now."""
        waiting, self._waiting = self._waiting, []
        if self.dtls is not None:
            waiting += self.dtls.outgoing()
        return waiting

    def _known(self) -> Description:
        if self.theirs is None:
            raise NotConnected("there is no answer yet")
        return self.theirs

    def _on_stun(self, data: bytes, source: Address) -> None:
        if data[0] == 0:  # a request: a full ICE agent sends connectivity checks, too
            self._waiting.append(self._response(data, source))
            return
        self.answered = True
        if self.dtls is None and self.theirs is not None and self.theirs.fingerprint:
            self.dtls = Dtls(self._identity, "client", [("sha-256", self.theirs.fingerprint)])
            self.dtls.start()

    def _response(self, data: bytes, source: Address) -> bytes:
        request = stun.parse_message(data)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = source[:2]
        response.add_message_integrity(self.pwd.encode())
        return bytes(response)
