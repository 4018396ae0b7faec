"""The server's side of one WebRTC connection, made of the parts of the engine, that a test can make say anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

from spacesctl.rtc import demux, rtp, sdp, sdp_answer
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from spacesctl.rtc.srtp import Srtp
from spacesctl.rtc.stun import Credentials, IceLite

IDENTITY = Identity()
PWD = "p" * 24


class Answerer(asyncio.DatagramProtocol):
    """Answers one client. `stun` and `dtls` say whether it answers these; what the client sends is kept by kind."""

    def __init__(self, *, stun: bool = True, dtls: bool = True) -> None:
        self.srtp: Srtp | None = None
        self.checks = 0
        self.rtp: list[rtp.RtpPacket] = []
        self.rtcp: list[bytes] = []
        self.sealed: list[bytes] = []
        """The datagrams with sound as they came; those that came before are not opened again."""
        self._answers = {Kind.STUN: stun, Kind.DTLS: dtls}
        self._ice = IceLite()
        self._dtls: Dtls | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.address: tuple[str, int] = transport.get_extra_info("sockname")

    def answer(self, offer: str) -> str:
        """The answer to a client's offer."""
        theirs = sdp.parse_offer(offer)
        self._ice.expect(Credentials("abcd", PWD, theirs.ufrag))
        self._dtls = Dtls(IDENTITY, "server", list(theirs.fingerprints))
        kind: Literal["up", "down"] = "down" if theirs.direction == "recvonly" else "up"
        return sdp_answer.answer(
            theirs, kind=kind, candidates=[self.address], fingerprint=IDENTITY.fingerprint,
            ufrag="abcd", pwd=PWD, ssrc=1, cname="x",
        ).sdp  # fmt: skip

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.client = addr
        kind = demux.kind(data)
        if not self._answers.get(kind, True):
            return
        if kind is Kind.STUN:
            proven = self._ice.check(data, addr)
            self.checks += proven is not None
            if proven is not None:
                self.send(proven.response)
        elif kind is Kind.DTLS and self._dtls is not None:
            self._dtls.feed(data)
            for datagram in self._dtls.outgoing():
                self.send(datagram)
            if self._dtls.keys is not None and self.srtp is None:
                self.srtp = Srtp(self._dtls.keys)
        elif self.srtp is not None:
            if data in self.sealed:
                self.sealed.append(data)
            elif kind is Kind.RTP:
                self.sealed.append(data)
                self.rtp.append(rtp.parse(self.srtp.unprotect(data)))
            else:
                self.rtcp.append(self.srtp.unprotect_rtcp(data))

    @property
    def ended(self) -> bool:
        """Whether the client has closed the DTLS session."""
        return self._dtls is not None and self._dtls.state.value == "closed"

    def send(self, data: bytes) -> None:
        self.transport.sendto(data, self.client)

    def say(self, sequence: int, payload: bytes, payload_type: int = 111) -> None:
        """Send a packet of sound."""
        assert self.srtp is not None
        self.send(self.srtp.protect(rtp.header(payload_type, sequence, sequence * 960, 7) + payload))


@asynccontextmanager
async def answering(*, stun: bool = True, dtls: bool = True) -> AsyncIterator[Answerer]:
    """An answerer on a port of its own."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(
        lambda: Answerer(stun=stun, dtls=dtls), local_addr=("127.0.0.1", 0)
    )
    try:
        yield made
    finally:
        transport.close()


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for something to become true; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
