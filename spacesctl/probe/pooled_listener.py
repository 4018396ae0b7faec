"""One WebRTC listener on a socket of its own: ICE checks, DTLS, receiver reports, and an eye on the sequence numbers.

It decrypts only when it is told to, since thousands of them share a core; what nobody decrypts is still checked for gaps.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from typing import Final

from aioice import stun

from spacesctl.domain.errors import Unavailable
from spacesctl.rtc import demux, rtcp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity, State
from spacesctl.rtc.srtp import Srtp

PAYLOAD_TYPE: Final = 111
RESEND: Final = 0.1
"""Seconds until an unanswered check or flight is sent again."""


class NotConnected(Unavailable):
    """A listener got no answer in time: whoever serves it has more to do than it can, or this machine has."""


class PooledListener:
    """`offer()`, give `answer()` what the server said, then `await connect()`."""

    def __init__(self, identity: Identity, name: str, host: str = "127.0.0.1") -> None:
        self.name = name
        self.location = ""
        """Where the session is deleted, if it is an HTTP one."""
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(16)
        self.srtp: Srtp | None = None
        self.ssrc = 0
        """The newest packet's source, for reports."""
        self.highest = 0
        self.ended = False
        self._identity = identity
        self._host = host
        self._dtls: Dtls | None = None
        self._fingerprint = ""
        self._check = b""
        self._connected = asyncio.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))

    def offer(self, mid: str = "0", direction: str = "recvonly", setup: str = "active") -> str:
        """Our part of a session, as an offer or (with `setup` active) an answer."""
        host, port = self.socket.getsockname()
        lines = [
            "v=0",
            "o=- 1 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {mid}",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPE}",
            "c=IN IP4 0.0.0.0",
            "a=rtcp-mux",
            f"a=mid:{mid}",
            f"a={direction}",
            f"a=rtpmap:{PAYLOAD_TYPE} opus/48000/2",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.pwd}",
            f"a=fingerprint:sha-256 {self._identity.fingerprint}",
            f"a=setup:{setup}",
        ]
        return "\r\n".join(lines) + "\r\n"

    def answer(self, sdp: str) -> None:
        """The other side's description, with its candidates."""
        found = re.findall(r"^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+)", sdp, re.MULTILINE | re.IGNORECASE)
        if not found:
            raise NotConnected("the answer has no candidate")
        same = [one for one in found if one[0].startswith("127.") == self._host.startswith("127.")] or found
        self._fingerprint = _of("fingerprint", sdp).partition(" ")[2]
        self._check = self._request(_of("ice-ufrag", sdp), _of("ice-pwd", sdp))
        self.socket.connect((same[0][0], int(same[0][1])))

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
        """A connectivity check, which is also our consent. The server's answer is not waited for."""
        self.send(self._check)

    def report(self) -> None:
        """A receiver report without loss, such as a browser sends every few seconds."""
        if self.srtp is not None and self.ssrc:
            block = rtcp.Block(self.ssrc, 0, 0, self.highest)
            self.send(self.srtp.protect_rtcp(rtcp.receiver_report(1, block, self.name)))

    def control(self, data: bytes) -> None:
        """Whatever is not RTP."""
        match demux.kind(data):
            case Kind.STUN:
                self._on_stun(data)
            case Kind.DTLS if self._dtls is not None:
                self._dtls.feed(data)
                self._flush()
            case _:
                pass

    def hang_up(self) -> None:
        """Say goodbye and close."""
        if self._dtls is not None:
            self._dtls.close()
            self._flush()
        self.socket.close()

    def send(self, data: bytes) -> None:
        try:
            self.socket.send(data)
        except OSError:  # a full buffer, or an ICMP error of before: as lost as on any network
            return

    def _request(self, ufrag: str, pwd: str) -> bytes:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1845501695
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(63)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(pwd.encode())
        return bytes(request)

    def _nudge(self) -> None:
        if self._dtls is None:
            self.check()
        elif self._dtls.timeout() == 0:
            self._dtls.on_timeout()
            self._flush()

    def _readable(self) -> None:
        for _ in range(16):
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            if demux.kind(data) is not Kind.RTP:  # sound may come before the last flight does
                self.control(data)

    def _on_stun(self, data: bytes) -> None:
        if data[0] == 0:  # a full agent checks us, too
            self._answer_check(data)
        elif self._dtls is None:
            self._dtls = Dtls(self._identity, "client", [("sha-256", self._fingerprint)])
            self._dtls.start()
            self._flush()

    def _answer_check(self, data: bytes) -> None:
        request = stun.parse_message(data)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()
        response.add_message_integrity(self.pwd.encode())
        self.send(bytes(response))

    def _flush(self) -> None:
        dtls = self._dtls
        if dtls is None:
            return
        for datagram in dtls.outgoing():
            self.send(datagram)
        if dtls.keys is not None and self.srtp is None:
            self.srtp = Srtp(dtls.keys)
            dtls.rest()
            self._connected.set()
        elif dtls.state in (State.CLOSED, State.FAILED):
            self.ended = True


def _of(name: str, sdp: str) -> str:
    found = re.search(rf"^a={name}:(.+?)\r?$", sdp, re.MULTILINE)
    if found is None:
        raise NotConnected(f"the answer has no {name}")
    return found[1]
