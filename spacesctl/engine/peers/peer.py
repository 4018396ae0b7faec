"""One WebRTC peer: its path, its DTLS, its SRTP, and what it sends or is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Final

from spacesctl.engine.clock import SAMPLES
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.messages import AddPeer
from spacesctl.engine.peers.nack import NackRequester
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.rtc import rtcp, rtp
from spacesctl.rtc.dtls import Dtls, Identity, State
from spacesctl.rtc.srtp import Srtp, SrtpError
from spacesctl.rtc.stun import Credentials

CONSENT: Final = 30.0
"""Seconds without an authenticated check after which a peer is gone (RFC 7675, 5.1)."""
HANDSHAKE: Final = 30.0
"""Seconds that a peer has to connect."""
DOUBTED: Final = 12.0
"""The same, once it said what may have been its goodbye: more than two checks of any client later."""
REST: Final = 10.0
"""Seconds after which the handshake of a peer is over for good, and what OpenSSL needed for it can go."""
NOWHERE: Final[TransportAddress] = ("0.0.0.0", 0)  # noqa: S104  # never sent to: it is subscribed only when its address is known
MAX_PATHS: Final = 8
"""Addresses remembered per peer while it looks for the best one."""


class Peer:
    """A peer that is expected, connecting or joined. `send` is the ports': (datagram, place) -> taken."""

    def __init__(
        self, added: AddPeer, ssrc: int, identity: Identity, send: Callable[[bytes, TransportAddress], bool], now: float
    ) -> None:
        self.name = added.peer
        self.space = added.space
        self.is_up = added.kind == "up"
        self.lane = added.lane
        self.group = added.group
        self.credentials = Credentials(added.local_ufrag, added.local_pwd, added.remote_ufrag)
        self.next_credentials: Credentials | None = None
        """After an ICE restart, until the peer checks with them."""
        self.added = self.checked = now
        self.joined = False
        self.report_at = 0
        """At which tick of a round its reports go."""
        self.paths: list[TransportAddress] = []
        self.target: TransportAddress | None = None
        self.dtls: Dtls | None = None
        self.srtp: Srtp | None = None
        self.reception: rtcp.Reception | None = None
        self.level_extension = added.level_extension
        self.subscription: Subscription | None = None
        self.nack_requester = NackRequester() if added.nack and self.is_up else None
        self._added = added
        self._identity = identity
        self._send = send
        self._ssrc = ssrc
        self._payload_type = added.payload_type
        self._utc_offset = 0.0  # Unix seconds at monotonic 0, by the last report

    # -- the path

    def checked_from(self, source: TransportAddress, nominated: bool, now: float) -> list[TransportAddress]:
        """An authenticated check came. The first path is used until one is nominated; returns the paths that are forgotten."""
        self.checked = now
        if source == self.target:
            return []  # as nearly every check does
        if source not in self.paths:
            self.paths.append(source)
        if nominated or self.target is None:
            self._aim(source)
        forgotten = [path for path in self.paths if path != self.target][: max(0, len(self.paths) - MAX_PATHS)]
        for path in forgotten:
            self.paths.remove(path)
        return forgotten

    def lost_path(self, source: TransportAddress) -> None:
        """An address proved to be another peer's now, as behind a NAT: nothing is sent there until it checks again."""
        self.paths.remove(source)
        if self.target == source:
            self._aim(self.paths[-1] if self.paths else None)

    def _aim(self, target: TransportAddress | None) -> None:
        self.target = target
        if self.subscription is not None and target is not None:
            self.subscription.go_to(target)

    def overdue(self, now: float) -> bool:
        """Whether it did not check, or not connect, for too long."""
        if not self.joined:
            return now - self.added > HANDSHAKE
        return now - self.checked > (DOUBTED if self.dtls is not None and self.dtls.doubted else CONSENT)

    # -- the handshake

    @property
    def speaks_first(self) -> bool:
        """Whether the handshake is ours to begin, and is not begun."""
        return self.dtls is None and not self.joined and self._added.dtls == "client"

    def begin(self) -> Dtls:
        """Its DTLS association, made when there is something to say or to hear: who never comes costs nothing."""
        if self.dtls is None:
            self.dtls = Dtls(self._identity, self._added.dtls, self._added.remote_fingerprints)
            self.dtls.start()
        return self.dtls

    def feed(self, datagram: bytes) -> State:
        """A DTLS datagram came; an empty one only begins."""
        dtls = self.begin()
        if datagram:
            dtls.feed(datagram)
        self.flush()
        if dtls.keys is not None and self.srtp is None:
            self.srtp = Srtp(dtls.keys)
            if not self.is_up:
                self._make_subscription(self.srtp)
        return dtls.state

    def retransmit(self) -> State | None:
        """Send the last flight again if it is time."""
        if self.dtls is None or self.dtls.timeout() != 0:
            return None
        self.dtls.on_timeout()
        self.flush()
        return self.dtls.state

    def flush(self) -> None:
        """Send what DTLS has to say."""
        if self.dtls is not None and self.target is not None:
            for datagram in self.dtls.outgoing():
                self._send(datagram, self.target)

    def rest(self) -> None:
        """Nothing more is said of the handshake, unless the peer asks."""
        if self.dtls is not None:
            self.dtls.rest()

    def goodbye(self) -> None:
        """Close the association; nothing is sent or taken afterwards."""
        if self.dtls is not None:
            self.dtls.close()
            self.flush()
        self.srtp = self.dtls = self.target = None

    def _make_subscription(self, srtp: Srtp) -> None:
        # Below half the turn, so that a receiver that joins never meets a wrap before it knows the rollover count.
        outgoing = srtp.outgoing(self._ssrc, secrets.randbelow(1 << 15))
        address = NOWHERE if self.target is None else self.target
        self.subscription = Subscription(outgoing, self._payload_type, self._ssrc, address, self._added.nack)

    # -- reports both ways

    def report(self, utc: float, monotonic: float) -> None:
        """Send the report that is due every few seconds; `utc` and `monotonic` are the same moment."""
        if self.srtp is None or self.target is None:
            return
        packet = self._receiver_report(utc, monotonic) if self.is_up else self._sender_report(utc, monotonic)
        if packet is not None:
            self._send(self.srtp.protect_rtcp(packet), self.target)

    def _sender_report(self, utc: float, monotonic: float) -> bytes | None:
        subscription = self.subscription
        if subscription is None or not (packets := subscription.packets):
            return None
        timestamp, sent_at = subscription.last
        since = max(0.0, monotonic - sent_at)
        stamp = timestamp + round(since * SAMPLES * 50)
        return rtcp.sender_report(self._ssrc, utc, stamp, packets, subscription.octets, self.space)

    def _receiver_report(self, utc: float, monotonic: float) -> bytes | None:
        block = self.reception.block(monotonic) if self.reception else None
        if block is None:
            return None
        report = rtcp.receiver_report(self._ssrc, block, self.space)
        self._utc_offset = utc - monotonic
        return report + rtcp.reference_time(self._ssrc, utc) if self.nack_requester else report

    def ask(self, missing: Sequence[int], now: float) -> int:
        """Ask a speaker for packets of its lane that are missing, as far as it is time; how many were asked for."""
        if self.nack_requester is None or self.srtp is None or self.target is None or self.reception is None:
            return 0
        due = self.nack_requester.due(missing, now)
        if due:
            self._send(self.srtp.protect_rtcp(rtcp.nack(self._ssrc, self.reception.ssrc, due)), self.target)
        return len(due)

    def on_nack(self, sequences: Sequence[int]) -> None:
        """A listener misses packets: it is sent the same bytes again, never sealed anew."""
        if self.subscription is not None and self.target is not None:
            for datagram in self.subscription.again(sequences):
                self._send(datagram, self.target)

    def unprotect_rtcp(self, datagram: bytes, arrival: float) -> None:
        """A report came. Raises `SrtpError` or `RtcpError`."""
        if self.srtp is None:
            raise SrtpError("no keys yet")
        for item in rtcp.parse(self.srtp.unprotect_rtcp(datagram)):
            if isinstance(item, rtcp.Report):
                self._on_report(item, arrival)
            elif isinstance(item, rtcp.Bye) or item.ssrc != self._ssrc:
                continue  # what ends a peer is its close_notify, or its silence
            elif isinstance(item, rtcp.Nack):
                self.on_nack(item.sequences)
            elif self.nack_requester is not None:
                self.nack_requester.echoed(item, self._utc_offset + arrival)

    def _on_report(self, report: rtcp.Report, arrival: float) -> None:
        if report.ntp is not None and self.reception is not None and report.ssrc == self.reception.ssrc:
            self.reception.reported(report.ntp, arrival)
        for block in report.blocks:
            if block.ssrc == self._ssrc and self.subscription is not None:
                self.subscription.loss = block.fraction * 100 // 256

    # -- sound from it

    def unprotect(self, datagram: bytes, arrival: float) -> rtp.RtpPacket | None:
        """An RTP packet came; None for a payload type that is not its Opus. Raises `SrtpError` or `RtpError`."""
        if self.srtp is None:
            raise SrtpError("no keys yet")
        packet = rtp.parse(self.srtp.unprotect(datagram), self.level_extension)
        if packet.payload_type != self._payload_type:
            return None
        if self.reception is None or self.reception.ssrc != packet.ssrc:
            self.reception = rtcp.Reception(packet.ssrc)
        self.reception.packet(packet.sequence, packet.timestamp, arrival)
        if self.nack_requester is not None:
            self.nack_requester.came(packet.sequence, arrival)
        return packet
