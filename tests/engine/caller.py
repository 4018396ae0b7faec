"""A WebRTC peer made of our own parts that is driven straight against an engine: light enough for hundreds, and able to misbehave."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

from spacesctl.engine.messages import AddPeer, Output
from spacesctl.probe import transports
from spacesctl.probe.description import PAYLOAD_TYPE, Address, Description
from spacesctl.probe.session import Session
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from spacesctl.rtc.srtp import Srtp

NOWHERE: Address = ("0.0.0.0", 0)


class Caller:
    """`name` is its peer name; with `tcp` it comes over TCP. `sent` are whole datagrams of SRTP, `packets` what those that came
    decrypted to."""

    identity: Identity | None = None
    transport: transports.Transport

    def __init__(
        self, name: str, space: str, *, lane: int = 0, group: int = Output.AUDIENCE, up: bool = False, tcp: bool = False
    ) -> None:
        Caller.identity = Caller.identity or Identity()
        self.name = name
        self.space = space
        self.lane = lane
        self.group = group
        self.is_up = up
        self.tcp = tcp
        self.session = Session(Caller.identity, ssrc=7)
        # What control would have told us. Without a fingerprint no handshake begins by itself.
        self.session.theirs = Description(secrets.token_hex(4), secrets.token_hex(16), fingerprint="")
        self.connected = asyncio.Event()
        self.packets: list[bytes] = []
        self.sent: list[bytes] = []
        self.keep = True
        self.count = 0

    @property
    def theirs(self) -> Description:
        """What we know of the engine."""
        assert self.session.theirs
        return self.session.theirs

    @property
    def ufrag(self) -> str:
        return self.session.ufrag

    @property
    def local_ufrag(self) -> str:
        """The engine's, whose side calls it local."""
        return self.theirs.ufrag

    @property
    def local_pwd(self) -> str:
        """The same."""
        return self.theirs.pwd

    @property
    def dtls(self) -> Dtls | None:
        return self.session.dtls

    @dtls.setter
    def dtls(self, dtls: Dtls | None) -> None:
        self.session.dtls = dtls

    @property
    def srtp(self) -> Srtp | None:
        return self.session.srtp

    def added(self, fingerprint: str | None = None) -> AddPeer:
        """What control tells the engine about us; `fingerprint` in place of our true one."""
        assert self.identity
        return AddPeer(
            peer=self.name,
            space=self.space,
            kind="up" if self.is_up else "down",
            local_ufrag=self.local_ufrag,
            local_pwd=self.local_pwd,
            remote_ufrag=self.session.ufrag,
            remote_pwd=self.session.pwd,
            remote_fingerprints=[("sha-256", fingerprint or self.identity.fingerprint)],
            dtls="server",
            payload_type=PAYLOAD_TYPE,
            lane=self.lane,
            group=self.group,
        )

    async def call(self, address: Address, fingerprint: str) -> None:
        """Connect to an engine. Raises TimeoutError."""
        self.session.theirs = replace(self.theirs, fingerprint=fingerprint)
        await self._reach(address)
        await asyncio.wait_for(self.connected.wait(), 8)

    async def move(self, address: Address, *, tcp: bool = False) -> None:
        """Go on from another port, as after a change of network. Raises TimeoutError."""
        self.transport.close()
        self.session.answered = False
        self.tcp = tcp
        await self._reach(address)

    async def _reach(self, address: Address) -> None:
        """Check until there is an answer: the engine may hear of us a moment later than we call."""
        self.transport = await transports.connect(address, self.datagram_received, tcp=self.tcp)
        async with asyncio.timeout(5):
            while not self.session.answered:
                self.check()
                await asyncio.sleep(0.02)

    def check(self, pwd: str | None = None) -> None:
        """Send a connectivity check; `pwd` in place of the true one."""
        self.transport.sendto(self.session.check(pwd))

    def say(self, sequence: int, payload: bytes, ssrc: int = 7, samples: int = 960) -> None:
        """Send an RTP packet."""
        self.sent.append(self.session.packet(sequence, sequence * samples, payload, ssrc=ssrc))
        self.transport.sendto(self.sent[-1])

    def send_raw(self, datagram: bytes) -> None:
        self.transport.sendto(datagram)

    def hang_up(self) -> None:
        """Say goodbye and close."""
        self.session.close()
        self._flush()
        self.transport.close()

    def datagram_received(self, data: bytes, _source: object) -> None:
        """The engine says something; it answers checks and makes none."""
        kind = self.session.receive(data, NOWHERE)
        if kind is Kind.RTP and self.srtp:
            self.count += 1
            if self.keep:
                self.packets.append(self.srtp.unprotect(data))
        elif kind is Kind.STUN or kind is Kind.DTLS:
            self._flush()
            if self.srtp:
                self.connected.set()

    @property
    def was_hung_up_on(self) -> bool:
        return self.session.ended

    def _flush(self) -> None:
        for datagram in self.session.outgoing():
            self.transport.sendto(datagram)
