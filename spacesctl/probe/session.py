"""A WebRTC client of our own parts, without a socket and without a clock: descriptions, connectivity checks, DTLS, SRTP.

Who has the socket (`PooledListener`, `RtcPeer`, the callers of the tests) gives it datagrams, sends what `outgoing` gives after
every call, and asks for a check or a resend when it is time.
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
"""Of a peer-reflexive candidate, as each check names one (RFC 8445, 7.1.1)."""


class Session:
    """One client: `offer`, `accept` the answer, send `check` until `answered`; then there is `srtp` once both shook hands.

    It takes any answer that a browser would: ours, Janus', aiortc's.
    """

    def __init__(self, identity: Identity, ssrc: int | None = None) -> None:
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(16)
        self.ssrc = secrets.randbits(31) | 1 if ssrc is None else ssrc
        """Of what we send."""
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
        candidate: Address | None = None,
    ) -> str:
        """Our description: an offer, or an answer to an offer with this `mid`. Without a candidate, our checks tell where we are."""
        candidates = () if candidate is None else (candidate,)
        ours = Description(self.ufrag, self.pwd, self._identity.fingerprint, candidates=candidates, fec=fec)
        ssrc = self.ssrc if direction == "sendonly" else None
        return description.write(ours, direction, mid=mid, nack=nack, ssrc=ssrc)

    def accept(self, sdp: str) -> Description:
        """Take the other side's description. Raises NotConnected with what it lacks."""
        self.theirs = description.read(sdp)
        return self.theirs

    def check(self, pwd: str | None = None) -> bytes:
        """A connectivity check to send, which nominates its path and is our consent; `pwd` in place of their true one."""
        theirs = self._known()
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{theirs.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(63)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((pwd or theirs.pwd).encode())
        return bytes(request)

    def receive(self, data: bytes, source: Address) -> Kind:
        """Take a datagram from `source`, and tell what it is: checks and handshakes are dealt with, RTP and RTCP left to the caller.

        The first answer to a check begins the handshake.
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
        """Say the last flight of the handshake again, if its time has come."""
        if self.dtls is not None and self.dtls.timeout() == 0:
            self.dtls.on_timeout()

    def packet(
        self, sequence: int, timestamp: int, payload: bytes, *, marker: bool = False, ssrc: int | None = None
    ) -> bytes:
        """An RTP packet as it is to be sent, `timestamp` in samples at 48 kHz. Raises NotConnected before there are keys."""
        if self.srtp is None:
            raise NotConnected("nobody was called")
        source = self.ssrc if ssrc is None else ssrc
        head = rtp.header(self._known().payload_type, sequence, timestamp, source, marker=marker)
        return self.srtp.protect(head + payload)

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self.dtls is not None:
            self.dtls.close()

    @property
    def ended(self) -> bool:
        """Whether one side hung up."""
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
        if data[0] == 0:  # a full agent checks us, too
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
