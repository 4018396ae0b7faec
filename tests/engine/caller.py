"""A WebRTC peer made of our own parts and a bare socket: light enough for hundreds, and able to misbehave."""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Callable
from typing import Protocol

from aioice import stun

from spacesctl.engine.messages import AddPeer, Output
from spacesctl.rtc import demux, rtp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity, State
from spacesctl.rtc.srtp import Srtp

PAYLOAD_TYPE = 111


class Way(Protocol):
    """What a caller sends by."""

    def sendto(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Framing(asyncio.Protocol):
    """The receiving half of RFC 4571, apart from the one under test."""

    def __init__(self, take: Callable[[bytes, object], None]) -> None:
        self.lost = asyncio.Event()
        self._take = take
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 2 and len(self._held) >= 2 + (length := struct.unpack_from(">H", self._held)[0]):
            datagram, self._held = self._held[2 : 2 + length], self._held[2 + length :]
            self._take(datagram, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


class Framed:
    """A connection over TCP that is used as a socket over UDP is."""

    def __init__(self, transport: asyncio.Transport, framing: Framing) -> None:
        self.transport = transport
        self.lost = framing.lost

    def sendto(self, data: bytes) -> None:
        self.transport.write(struct.pack(">H", len(data)) + data)

    def close(self) -> None:
        self.transport.close()


class Caller(asyncio.DatagramProtocol):
    """`name` is its peer name; with `tcp` it comes over TCP. `sent` are whole datagrams of SRTP, `packets` what those that came
    decrypted to."""

    identity: Identity | None = None

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
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(16)
        self.local_ufrag, self.local_pwd = secrets.token_hex(4), secrets.token_hex(16)
        self.connected = asyncio.Event()
        self.checked = asyncio.Event()
        self.packets: list[bytes] = []
        self.sent: list[bytes] = []
        self.keep = True
        self.count = 0
        self.dtls: Dtls | None = None
        self.srtp: Srtp | None = None

    def added(self, fingerprint: str | None = None) -> AddPeer:
        """What control tells the engine about us; `fingerprint` in place of our true one."""
        assert self.identity
        return AddPeer(
            peer=self.name,
            space=self.space,
            kind="up" if self.is_up else "down",
            local_ufrag=self.local_ufrag,
            local_pwd=self.local_pwd,
            remote_ufrag=self.ufrag,
            remote_pwd=self.pwd,
            remote_fingerprints=[("sha-256", fingerprint or self.identity.fingerprint)],
            dtls="server",
            payload_type=PAYLOAD_TYPE,
            lane=self.lane,
            group=self.group,
        )

    async def call(self, address: tuple[str, int], fingerprint: str) -> None:
        """Connect to an engine. Raises TimeoutError."""
        assert self.identity
        self.transport = await self.way(address)
        await self._be_answered()
        self.dtls = Dtls(self.identity, "client", [("sha-256", fingerprint)])
        self.dtls.start()
        self._flush()
        await asyncio.wait_for(self.connected.wait(), 8)

    async def move(self, address: tuple[str, int], *, tcp: bool = False) -> None:
        """Go on from another port, as after a change of network."""
        self.transport.close()
        self.checked.clear()
        self.tcp = tcp
        self.transport = await self.way(address)
        await self._be_answered()

    async def way(self, address: tuple[str, int]) -> Way:
        """A socket of our own to an engine's port."""
        loop = asyncio.get_running_loop()
        if self.tcp:
            transport, framing = await loop.create_connection(lambda: Framing(self.datagram_received), *address)
            return Framed(transport, framing)
        return (await loop.create_datagram_endpoint(lambda: self, remote_addr=address))[0]

    async def _be_answered(self) -> None:
        """Check until there is an answer: the engine may hear of us a moment later than we call."""
        async with asyncio.timeout(5):
            while not self.checked.is_set():
                self.check()
                await asyncio.sleep(0.02)

    def check(self, pwd: str | None = None) -> None:
        """Send a connectivity check."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.local_ufrag}:{self.ufrag}"
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((pwd or self.local_pwd).encode())
        self.transport.sendto(bytes(request))

    def say(self, sequence: int, payload: bytes, ssrc: int = 7, samples: int = 960) -> None:
        """Send an RTP packet."""
        assert self.srtp
        head = rtp.header(PAYLOAD_TYPE, sequence, sequence * samples, ssrc)
        self.sent.append(self.srtp.protect(head + payload))
        self.transport.sendto(self.sent[-1])

    def send_raw(self, datagram: bytes) -> None:
        self.transport.sendto(datagram)

    def hang_up(self) -> None:
        """Say goodbye and close."""
        if self.dtls:
            self.dtls.close()
            self._flush()
        self.transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        match demux.kind(data):
            case Kind.STUN:
                self.checked.set()
            case Kind.DTLS if self.dtls:
                self.dtls.feed(data)
                self._flush()
                if self.dtls.keys and self.srtp is None:
                    self.srtp = Srtp(self.dtls.keys)
                    self.connected.set()
            case Kind.RTP if self.srtp:
                self.count += 1
                if self.keep:
                    self.packets.append(self.srtp.unprotect(data))
            case _:
                pass

    @property
    def was_hung_up_on(self) -> bool:
        return self.dtls is not None and self.dtls.state is State.CLOSED

    def _flush(self) -> None:
        assert self.dtls
        for datagram in self.dtls.outgoing():
            self.transport.sendto(datagram)
