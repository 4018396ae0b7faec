"""A WebRTC client for measurements: it sends or receives packets of Opus, without a jitter buffer of its own.

It records each packet that it receives, with the time of arrival. It sends a packet as soon as `say` is called. Packets that the
other side requests again (NACK) are sent again with the same bytes.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Literal, NamedTuple

import numpy as np

from spacesctl.audio.opus import FRAME, Decoder, OpusError, Pcm
from spacesctl.probe import description, transports
from spacesctl.probe.description import Address, NotConnected
from spacesctl.probe.session import Session
from spacesctl.rtc import rtcp, rtp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Identity
from spacesctl.rtc.red import RedWriter
from spacesctl.rtc.rtcp import RtcpError
from spacesctl.rtc.srtp import SrtpError

RETRY: Final = 0.05
"""Seconds between connectivity checks until one is answered."""
CHECK: Final = 2.5
"""Seconds between connectivity checks afterwards."""
KEPT: Final = 256
"""Sent packets that are kept, so that they can be sent again."""


class Heard(NamedTuple):
    """A packet that arrived at `moment` (monotonic seconds)."""

    moment: float
    sequence: int
    timestamp: int
    payload: bytes


class RtcPeer:
    """`async with RtcPeer(identity, "sendonly") as peer`: send `offer` to a server, and pass its answer to `call`. With `red` it offers
    packets with copies (RFC 2198), and sends them as browsers do where the answer prefers them."""

    def __init__(
        self,
        identity: Identity,
        direction: Literal["sendonly", "recvonly"],
        *,
        nack: bool = False,
        red: bool = False,
    ) -> None:
        self.heard: list[Heard] = []
        self.fec = False
        """Whether the other side asked for copies of lost frames (in-band FEC)."""
        self.resent = 0
        """Packets that were sent again."""
        self._session = Session(identity)
        self._direction = direction
        self._nack = nack
        self._red = description.RED if red else 0
        self._copies = RedWriter()
        self._first = secrets.randbelow(1 << 15)
        self._transport: transports.Transport | None = None
        self._sent: dict[int, bytes] = {}
        self._checking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RtcPeer:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        self._session.close()
        self._flush()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def offer(self) -> str:
        """Our session description: an offer like a browser's, with Opus only and without candidates."""
        return self._session.offer(self._direction, nack=self._nack, fec=True, red=self._red)

    async def call(self, answer: str, address: Address | None = None, seconds: float = 10.0) -> None:
        """Connect to the candidate of the answer, or to `address` if it is given. Raises NotConnected."""
        theirs = self._session.accept(answer)
        self.fec = theirs.fec
        self._transport = await transports.connect(address or theirs.address(), self._received)
        try:
            async with asyncio.timeout(seconds):
                await self._connect()
        except TimeoutError:
            how_far = "the handshake did not end" if self._session.answered else "no check was answered"
            raise NotConnected(how_far) from None
        self._checking = asyncio.create_task(self._keep_checking())

    def say(self, number: int, payload: bytes) -> None:
        """Send frame `number`, 20 ms of Opus. Raises NotConnected before `call`."""
        sequence = self._first + number & 0xFFFF
        kind, sent = None, payload
        if (theirs := self._session.theirs) is not None and theirs.red:
            kind, sent = theirs.red, self._copies.made(payload, number * FRAME, theirs.payload_type)
            self._copies.add(payload, number * FRAME)
        datagram = self._session.packet(sequence, number * FRAME, sent, marker=number == 0, payload_type=kind)
        self._sent[sequence % KEPT] = datagram
        self._send(datagram)

    async def _connect(self) -> None:
        while not self._session.answered:
            self._send(self._session.check())
            await asyncio.sleep(RETRY)
        while self._session.srtp is None:
            await asyncio.sleep(RETRY)
            self._session.resend()
            self._flush()

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK)
            self._send(self._session.check())

    def _received(self, data: bytes, source: Address) -> None:
        match self._session.receive(data, source):
            case Kind.RTP:
                self._on_rtp(data)
            case Kind.RTCP:
                self._on_rtcp(data)
            case _:
                self._flush()

    def _on_rtp(self, data: bytes) -> None:
        srtp, theirs = self._session.srtp, self._session.theirs
        if srtp is None or theirs is None:
            return
        try:
            packet = rtp.parse(srtp.unprotect(data))
        except (SrtpError, rtp.RtpError):
            return
        if packet.payload_type == theirs.payload_type:
            self.heard.append(Heard(time.monotonic(), packet.sequence, packet.timestamp, packet.payload))

    def _on_rtcp(self, data: bytes) -> None:
        if self._session.srtp is None:
            return
        try:
            items = rtcp.parse(self._session.srtp.unprotect_rtcp(data))
        except (SrtpError, RtcpError):
            return
        for item in items:
            if isinstance(item, rtcp.Nack):
                for datagram in filter(None, (self._sent.get(number % KEPT) for number in item.sequences)):
                    self.resent += 1
                    self._send(datagram)

    def _flush(self) -> None:
        for datagram in self._session.outgoing():
            self._send(datagram)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data)


def decoded(heard: Sequence[Heard]) -> tuple[Pcm, list[tuple[int, float]]]:
    """The decoded sound (`int16[n]`, 48 kHz mono), with each packet placed by its timestamp; and for each packet its first sample in that
    sound and the time of its arrival. The decoder conceals missing packets."""
    if not heard:
        return np.zeros(0, np.int16), []
    ordered = sorted(heard, key=lambda one: one.sequence - heard[0].sequence + 0x8000 & 0xFFFF)
    decoder, parts, places, at = Decoder(), list[Pcm](), list[tuple[int, float]](), 0
    first = ordered[0].timestamp
    for one in ordered:
        place = one.timestamp - first & 0xFFFFFFFF
        while at < place < at + 100 * FRAME:
            parts.append(decoder.conceal())
            at += FRAME
        places.append((at, one.moment))
        try:
            parts.append(decoder.decode(one.payload))
        except OpusError:
            parts.append(decoder.conceal())
        at += len(parts[-1])
    return np.concatenate(parts), places
