"""One WebRTC listener on a socket of its own: checks, handshake, receiver reports, and an eye on the sequence numbers.

It decrypts only when it is told to, since thousands of them share a core; what nobody decrypts is still checked for gaps.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from spacesctl.probe.description import Address, Direction, NotConnected
from spacesctl.probe.session import Session
from spacesctl.rtc import demux, rtcp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Identity

RESEND: Final = 0.1
"""Seconds until an unanswered check or flight is sent again."""


class PooledListener:
    """`offer()`, give `answer()` what the server said, then `await connect()`. After that, whoever reads its socket gives
    `control` what is not RTP. Raises OSError when the system has no socket for it."""

    def __init__(self, identity: Identity, name: str, host: str = "127.0.0.1") -> None:
        self.name = name
        self.location = ""
        """Where the session is deleted, if it is an HTTP one."""
        self.session = Session(identity)
        self.ssrc = 0
        """The newest packet's source, for reports."""
        self.highest = 0
        """The newest packet's sequence number."""
        self._host = host
        self._server: Address = (host, 0)
        self._check = b""
        self._connected = asyncio.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))

    def offer(self, mid: str = "0", direction: Direction = "recvonly") -> str:
        """Our part of a session, as an offer or (with the offer's `mid`) an answer."""
        return self.session.offer(direction, mid=mid, candidate=self.socket.getsockname())

    def answer(self, sdp: str) -> None:
        """The other side's description, with its candidates. Raises NotConnected with what it lacks."""
        theirs = self.session.accept(sdp)
        self._server = theirs.address(loopback=self._host.startswith("127."))
        self._check = self.session.check()
        self.socket.connect(self._server)

    async def connect(self, seconds: float = 20.0) -> None:
        """Check, shake hands, have keys. Raises NotConnected."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.socket, self._readable)
        try:
            async with asyncio.timeout(seconds):
                while not self._connected.is_set():
                    self._nudge()
                    try:
                        await asyncio.wait_for(self._connected.wait(), RESEND)
                    except TimeoutError:
                        continue
        except TimeoutError:
            raise NotConnected(f"{self.name} is not connected after {seconds:g} s") from None
        finally:
            loop.remove_reader(self.socket)

    def check(self) -> None:
        """A connectivity check, which is also our consent: the same bytes each time. The server's answer is not waited for."""
        self.send(self._check)

    def report(self) -> None:
        """A receiver report without loss, such as a browser sends every few seconds."""
        srtp = self.session.srtp
        if srtp is not None and self.ssrc:
            block = rtcp.Block(self.ssrc, 0, 0, self.highest)
            self.send(srtp.protect_rtcp(rtcp.receiver_report(1, block, self.name)))

    def control(self, data: bytes) -> None:
        """Whatever is not RTP."""
        if self.session.receive(data, self._server) is Kind.RTCP:
            return
        self._flush()
        if self.session.srtp is not None and self.session.dtls is not None and not self._connected.is_set():
            self.session.dtls.rest()
            self._connected.set()

    def hang_up(self) -> None:
        """Say goodbye and close."""
        self.session.close()
        self._flush()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send a datagram; what the system does not take is lost."""
        try:
            self.socket.send(data)
        except OSError:  # a full buffer, or an ICMP error of before: as lost as on any network
            return

    def _nudge(self) -> None:
        if not self.session.answered:
            self.check()
        else:
            self.session.resend()
            self._flush()

    def _readable(self) -> None:
        for _ in range(16):
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            if demux.kind(data) is not Kind.RTP:  # sound may come before the last flight does
                self.control(data)

    def _flush(self) -> None:
        for datagram in self.session.outgoing():
            self.send(datagram)
