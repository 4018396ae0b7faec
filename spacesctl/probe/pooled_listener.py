"""One WebRTC listener on a socket of its own: connectivity checks, DTLS handshake, receiver reports.

It does not decrypt media, because thousands of listeners share a core. `ReceiveLoop` reads the RTP packets and checks their sequence
numbers for gaps without decrypting them.
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
    """Send `offer()`, pass the server's answer to `answer()`, then `await connect()`. After that the caller reads the socket, and passes
    each datagram that is not RTP to `control`. Raises OSError when the system has no socket for it."""

    def __init__(self, identity: Identity, name: str, host: str = "127.0.0.1") -> None:
        self.name = name
        self.location = ""
        """The URL that deletes the session, if it was made over HTTP."""
        self.session = Session(identity)
        self.ssrc = 0
        """The SSRC of the last packet, for receiver reports."""
        self.highest = 0
        """The sequence number of the last packet."""
        self._host = host
        self._server: Address = (host, 0)
        self._check = b""
        self._connected = asyncio.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))

    def offer(self, mid: str = "0", direction: Direction = "recvonly") -> str:
        """Our session description, as an offer or (with the offer's `mid`) an answer."""
        return self.session.offer(direction, mid=mid, candidate=self.socket.getsockname())

    def answer(self, sdp: str) -> None:
        """Take the other side's description, with its candidates. Raises NotConnected naming the part that is missing."""
        theirs = self.session.accept(sdp)
        self._server = theirs.address(loopback=self._host.startswith("127."))
        self._check = self.session.check()
        self.socket.connect(self._server)

    async def connect(self, seconds: float = 20.0) -> None:
        """Do the connectivity check and the DTLS handshake, until there are SRTP keys. Raises NotConnected."""
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
        """Send a connectivity check, which also renews our consent. It has the same bytes each time, and the answer is not awaited."""
        self.send(self._check)

    def report(self) -> None:
        """Send a receiver report without loss, as a browser does every few seconds."""
        srtp = self.session.srtp
        if srtp is not None and self.ssrc:
            block = rtcp.Block(self.ssrc, 0, 0, self.highest)
            self.send(srtp.protect_rtcp(rtcp.receiver_report(1, block, self.name)))

    def control(self, data: bytes) -> None:
        """Handle a datagram that is not RTP."""
        if self.session.receive(data, self._server) is Kind.RTCP:
            return
        self._flush()
        if self.session.srtp is not None and self.session.dtls is not None and not self._connected.is_set():
            self.session.dtls.rest()
            self._connected.set()

    def hang_up(self) -> None:
        """Close the DTLS session, then the socket."""
        self.session.close()
        self._flush()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send a datagram. If the system does not accept it, it is lost."""
        try:
            self.socket.send(data)
        except OSError:  # the buffer is full, or an earlier datagram caused an ICMP error
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
            if demux.kind(data) is not Kind.RTP:  # media may arrive before the last flight of the handshake
                self.control(data)

    def _flush(self) -> None:
        for datagram in self.session.outgoing():
            self.send(datagram)
