"""A WebRTC client for measuring: it speaks or listens, with nothing between the network and what is measured.

What it hears it only writes down, with the moment; what it says goes out when it is told. It takes any answer that a browser would:
ours, Janus', aiortc's. What is asked for again (NACK) it sends again, as the same bytes.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, NamedTuple

import numpy as np
from aioice import stun

from spacesctl.audio.opus import FRAME, Decoder, OpusError, Pcm
from spacesctl.rtc import demux, rtcp, rtp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from spacesctl.rtc.rtcp import RtcpError
from spacesctl.rtc.srtp import Srtp, SrtpError

PAYLOAD_TYPE: Final = 111
RETRY: Final = 0.05
"""Seconds between connectivity checks until one is answered."""
CHECK: Final = 2.5
KEPT: Final = 256
"""Packets that may be sent again."""


class NotConnected(Exception):
    """It could not connect; the message says how far it came."""


class Heard(NamedTuple):
    """A packet that came at `moment` (monotonic seconds)."""

    moment: float
    sequence: int
    timestamp: int
    payload: bytes


class RtcPeer(asyncio.DatagramProtocol):
    """`async with Phone(identity, "sendonly") as phone`: give `offer` to a server and its answer to `call`."""

    def __init__(self, identity: Identity, direction: str, *, nack: bool = False) -> None:
        self.heard: list[Heard] = []
        self.fec = False
        """Whether the other side asked for copies of lost frames (in-band FEC)."""
        self.resent = 0
        self._identity = identity
        self._direction = direction
        self._nack = nack
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(16)
        self._username = ""
        self._their_pwd = ""
        self._payload_type = PAYLOAD_TYPE
        self._ssrc = secrets.randbits(31) | 1
        self._first = secrets.randbelow(1 << 15)
        self._connected, self._answered = asyncio.Event(), asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._dtls: Dtls | None = None
        self._srtp: Srtp | None = None
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
        if self._dtls is not None:
            self._dtls.close()
            self._flush()
        if self._transport is not None:
            self._transport.close()

    def offer(self) -> str:
        """Our session description: Opus alone, what a browser offers."""
        lines = [
            "v=0",
            "o=- 1 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPE}",
            "c=IN IP4 0.0.0.0",
            "a=rtcp-mux",
            "a=mid:0",
            f"a={self._direction}",
            f"a=rtpmap:{PAYLOAD_TYPE} opus/48000/2",
            f"a=fmtp:{PAYLOAD_TYPE} minptime=10;useinbandfec=1",
            *([f"a=rtcp-fb:{PAYLOAD_TYPE} nack"] if self._nack else []),
            f"a=ice-ufrag:{self._ufrag}",
            f"a=ice-pwd:{self._pwd}",
            f"a=fingerprint:sha-256 {self._identity.fingerprint}",
            "a=setup:active",
            f"a=ssrc:{self._ssrc} cname:phone",
            f"a=ssrc:{self._ssrc} msid:phone phone",
        ]
        return "\r\n".join(lines) + "\r\n"

    def place(self, answer: str) -> tuple[str, int]:
        """The address that an answer offers first over UDP and IPv4, the loopback before others."""
        found = re.findall(r"^a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+)", answer, re.MULTILINE | re.IGNORECASE)
        if not found:
            raise NotConnected("the answer has no candidate of ours")
        host, port = next((one for one in found if one[0].startswith("127.")), found[0])
        return host, int(port)

    async def call(self, answer: str, address: tuple[str, int] | None = None, seconds: float = 10.0) -> None:
        """Connect as the answer says, by `address` if that is another. Raises NotConnected."""
        self.fec = "useinbandfec=1" in answer
        self._username = f"{_of('ice-ufrag', answer)}:{self._ufrag}"
        self._their_pwd = _of("ice-pwd", answer)
        self._payload_type = int(_of("rtpmap", answer).partition(" ")[0])
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=address or self.place(answer)
        )
        self._dtls = Dtls(self._identity, "client", [("sha-256", _of("fingerprint", answer).partition(" ")[2])])
        try:
            async with asyncio.timeout(seconds):
                await self._connect()
        except TimeoutError:
            how_far = "no check was answered" if not self._answered.is_set() else "the handshake did not end"
            raise NotConnected(how_far) from None
        self._checking = asyncio.create_task(self._keep_checking())

    def say(self, number: int, payload: bytes) -> None:
        """Send frame `number`, 20 ms of Opus."""
        if self._srtp is None or self._transport is None:
            raise NotConnected("nobody was called")
        sequence = self._first + number & 0xFFFF
        head = rtp.header(self._payload_type, sequence, number * FRAME, self._ssrc, marker=number == 0)
        self._sent[sequence % KEPT] = self._srtp.protect(head + payload)
        self._transport.sendto(self._sent[sequence % KEPT])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        match demux.kind(data):
            case Kind.RTP if self._srtp is not None:
                self._on_rtp(data)
            case Kind.RTCP if self._srtp is not None:
                self._on_rtcp(data)
            case Kind.STUN:
                self._on_stun(data)
            case Kind.DTLS if self._dtls is not None:
                self._dtls.feed(data)
                self._flush()
            case _:
                pass

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there yet, or any longer."""

    async def _connect(self) -> None:
        while not self._answered.is_set():
            self._check()
            await asyncio.sleep(RETRY)
        if self._dtls is not None:
            self._dtls.start()
            self._flush()
        while not self._connected.is_set():
            await asyncio.sleep(RETRY)
            if self._dtls is not None and self._dtls.timeout() == 0:
                self._dtls.on_timeout()
                self._flush()

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK)
            self._check()

    def _check(self) -> None:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = self._username
        request.attributes["PRIORITY"] = 1_845_501_695
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(63)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._their_pwd.encode())
        self._send(bytes(request))

    def _on_stun(self, data: bytes) -> None:
        if data[0]:
            self._answered.set()
            return
        request = stun.parse_message(data)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        peer = self._transport.get_extra_info("peername") if self._transport else ("0.0.0.0", 0)  # noqa: S104
        response.attributes["XOR-MAPPED-ADDRESS"] = peer[:2]
        response.add_message_integrity(self._pwd.encode())
        self._send(bytes(response))

    def _on_rtp(self, data: bytes) -> None:
        if self._srtp is None:
            return
        try:
            packet = rtp.parse(self._srtp.unprotect(data))
        except (SrtpError, rtp.RtpError):
            return
        if packet.payload_type == self._payload_type:
            self.heard.append(Heard(time.monotonic(), packet.sequence, packet.timestamp, packet.payload))

    def _on_rtcp(self, data: bytes) -> None:
        if self._srtp is None:
            return
        try:
            items = rtcp.parse(self._srtp.unprotect_rtcp(data))
        except (SrtpError, RtcpError):
            return
        for item in items:
            if isinstance(item, rtcp.Nack):
                for datagram in filter(None, (self._sent.get(number % KEPT) for number in item.sequences)):
                    self.resent += 1
                    self._send(datagram)

    def _flush(self) -> None:
        if self._dtls is None:
            return
        for datagram in self._dtls.outgoing():
            self._send(datagram)
        if self._dtls.keys is not None and self._srtp is None:
            self._srtp = Srtp(self._dtls.keys)
            self._connected.set()

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)


def decoded(heard: Sequence[Heard]) -> tuple[Pcm, list[tuple[int, float]]]:
    """What was heard (`int16[n]`, 48 kHz mono), each packet in its place by its timestamp, and where each packet begins there
    with the moment it came. Holes are what a decoder makes of them."""
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


def _of(name: str, sdp: str) -> str:
    found = re.search(rf"^a={name}:(.+?)\r?$", sdp, re.MULTILINE)
    if found is None:
        raise NotConnected(f"the answer has no {name}")
    return found[1]
