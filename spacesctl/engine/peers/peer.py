"""One WebRTC peer: its network path, DTLS association, SRTP sessions, RTCP reports, and the media from it or to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Final

from spacesctl.engine.clock import SAMPLES
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.messages import AddPeer
from spacesctl.engine.peers.nack import NackRequester
from spacesctl.engine.peers.source import SourceChoice
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.rtc import red, rtcp, rtp
from spacesctl.rtc.dtls import Dtls, Identity, State
from spacesctl.rtc.srtp import Srtp, SrtpError
from spacesctl.rtc.stun import Credentials

CONSENT: Final = 30.0
"""Seconds without a sign of life that only the peer can give, a check or a packet with its keys, until it is removed (RFC 7675, 5.1)."""
HANDSHAKE: Final = 30.0
"""Seconds that a peer has to connect."""
DOUBTED: Final = 12.0
"""The same in seconds, after a DTLS alert that may have been its close_notify. Any client checks more than twice in this time."""
REST: Final = 10.0
"""Seconds after joining until OpenSSL's state of the handshake is freed; it is not needed any longer then."""
NOWHERE: Final[TransportAddress] = ("0.0.0.0", 0)  # noqa: S104  # a placeholder that is never sent to: see PeerRegistry._subscribe
MAX_PATHS: Final = 8
"""Addresses remembered per peer while it looks for the best one."""


class OtherSource(ValueError):
    """A packet of a second source on one microphone, which is not heard."""


class Peer:
    """A peer that is expected, connecting or joined. `send(datagram, address)` sends by the engine's ports and returns whether the datagram
    was taken; `ssrc` is that of the Space; `now` is monotonic seconds."""

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
        """The credentials of an ICE restart, until the peer's first check with them."""
        self.added = self.checked = now
        self.joined = False
        self.report_at = 0
        """The tick, within a round of `registry.REPORT_TICKS`, at which its RTCP report is sent."""
        self.paths: list[TransportAddress] = []
        self.target: TransportAddress | None = None
        self.dtls: Dtls | None = None
        self.srtp: Srtp | None = None
        self.reception: rtcp.Reception | None = None
        self.source = SourceChoice()
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
        """An authenticated check arrived from `source`. The first path is used until one is nominated. Returns the paths that were dropped
        because there are too many."""
        self.checked = now
        if source == self.target:
            return []  # the usual case: a consent check on the path in use
        if source not in self.paths:
            self.paths.append(source)
        if nominated or self.target is None:
            self._aim(source)
        forgotten = [path for path in self.paths if path != self.target][: max(0, len(self.paths) - MAX_PATHS)]
        for path in forgotten:
            self.paths.remove(path)
        return forgotten

    def lost_path(self, source: TransportAddress) -> None:
        """Remove a path, because its TCP connection was closed or another peer checked from its address (as behind a NAT). Nothing is sent
        there until this peer checks from it again."""
        self.paths.remove(source)
        if self.target == source:
            self._aim(self.paths[-1] if self.paths else None)

    def _aim(self, target: TransportAddress | None) -> None:
        self.target = target
        if self.subscription is not None and target is not None:
            self.subscription.go_to(target)

    def overdue(self, now: float) -> bool:
        """Whether its time to connect is over, or its consent expired."""
        if not self.joined:
            return now - self.added > HANDSHAKE
        return now - self.checked > (DOUBTED if self.dtls is not None and self.dtls.doubted else CONSENT)

    # -- the handshake

    @property
    def speaks_first(self) -> bool:
        """Whether we must begin the handshake (as DTLS client) and have not begun."""
        return self.dtls is None and not self.joined and self._added.dtls == "client"

    def begin(self) -> Dtls:
        """Its DTLS association, made at the first use, so that a peer that never comes costs nothing."""
        if self.dtls is None:
            self.dtls = Dtls(self._identity, self._added.dtls, self._added.remote_fingerprints)
            self.dtls.start()
        return self.dtls

    def feed(self, datagram: bytes) -> State:
        """Process a DTLS datagram; an empty one only begins the handshake. Returns the DTLS state."""
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
        """Send the last DTLS flight again if it is time. Returns the DTLS state then, otherwise None."""
        if self.dtls is None or self.dtls.timeout() != 0:
            return None
        self.dtls.on_timeout()
        self.flush()
        return self.dtls.state

    def flush(self) -> None:
        """Send the datagrams that DTLS has produced."""
        if self.dtls is not None and self.target is not None:
            for datagram in self.dtls.outgoing():
                self._send(datagram, self.target)

    def rest(self) -> None:
        """Free OpenSSL's state of the finished handshake. The last flight can still be repeated if the peer did not get it."""
        if self.dtls is not None:
            self.dtls.rest()

    def goodbye(self) -> None:
        """Send close_notify and close the peer: nothing is sent or received afterwards."""
        if self.dtls is not None:
            self.dtls.close()
            self.flush()
        self.srtp = self.dtls = self.target = None

    def _make_subscription(self, srtp: Srtp) -> None:
        # Below 2^15, so that a receiver knows the rollover counter before the sequence number wraps (RFC 3711, 3.3.1).
        outgoing = srtp.outgoing(self._ssrc, secrets.randbelow(1 << 15))
        address = NOWHERE if self.target is None else self.target
        self.subscription = Subscription(
            outgoing,
            self._payload_type,
            self._ssrc,
            address,
            self._added.nack,
            red=self._added.red,
            now=self.checked,
        )

    @property
    def is_to_change(self) -> bool:
        """Whether a listener should get copies of packets and does not, or the other way round: subscribe it again then."""
        one = self.subscription
        return one is not None and one.red != 0 and one.has_copies != one.losses.is_lossy

    # -- RTCP

    def report(self, utc: float, monotonic: float) -> None:
        """Send its periodic sender or receiver report. `utc` (Unix seconds) and `monotonic` (seconds) are the same moment."""
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
        """Send a speaker a NACK for those of the `missing` packets (extended sequence numbers) that are due. Returns how many were
        requested."""
        if self.nack_requester is None or self.srtp is None or self.target is None or self.reception is None:
            return 0
        due = self.nack_requester.due(missing, now)
        if due:
            self._send(self.srtp.protect_rtcp(rtcp.nack(self._ssrc, self.reception.ssrc, due)), self.target)
        return len(due)

    def on_nack(self, sequences: Sequence[int]) -> None:
        """Send a listener the packets that it requests, as the same encrypted bytes: encrypting again would reuse a nonce."""
        if self.subscription is not None and self.target is not None:
            for datagram in self.subscription.again(sequences):
                self._send(datagram, self.target)

    def unprotect_rtcp(self, datagram: bytes, arrival: float) -> None:
        """Process an SRTCP packet that arrived at `arrival` (monotonic seconds). Raises `SrtpError` or `RtcpError`. Afterwards
        `is_to_change` says whether the listener must be subscribed anew."""
        if self.srtp is None:
            raise SrtpError("no keys yet")
        plain = self.srtp.unprotect_rtcp(datagram)
        self.checked = arrival
        for item in rtcp.parse(plain):
            if isinstance(item, rtcp.Report):
                self._on_report(item, arrival)
            elif isinstance(item, rtcp.Bye):
                self._on_bye(item)
            elif item.ssrc != self._ssrc:
                continue
            elif isinstance(item, rtcp.Nack):
                self.on_nack(item.sequences)
            elif self.nack_requester is not None:
                self.nack_requester.echoed(item, self._utc_offset + arrival)

    def _on_bye(self, bye: rtcp.Bye) -> None:
        """A source ends, but not the peer: that ends by close_notify or when its consent expires."""
        for ssrc in bye.ssrcs:
            self.source.left(ssrc)

    def _on_report(self, report: rtcp.Report, arrival: float) -> None:
        if report.ntp is not None and self.reception is not None and report.ssrc == self.reception.ssrc:
            self.reception.reported(report.ntp, arrival)
        for block in report.blocks:
            if block.ssrc == self._ssrc and self.subscription is not None:
                self.subscription.losses.report(block.fraction / 256, arrival)

    # -- media from it

    def unprotect(self, datagram: bytes, arrival: float) -> tuple[rtp.RtpPacket, Sequence[red.Copy]] | None:
        """Decrypt and parse an SRTP packet that arrived at `arrival` (monotonic seconds), and the copies of earlier ones in it. Returns
        None when its payload type was not negotiated. Raises `SrtpError`, `RtpError`, `RedError`, or `OtherSource` when it is not of the
        source that is heard."""
        if self.srtp is None:
            raise SrtpError("no keys yet")
        packet = rtp.parse(self.srtp.unprotect(datagram), self.level_extension)
        self.checked = arrival  # who sends with the keys of the handshake is there
        copies: Sequence[red.Copy] = ()
        if packet.payload_type == self._added.red != 0:
            payload, copies = red.parse(packet.payload, self._payload_type)
            packet = packet._replace(payload=payload)
        elif packet.payload_type != self._payload_type:
            return None
        if not self.source.admits(packet.ssrc, len(packet.payload)):
            raise OtherSource
        if self.reception is None or self.reception.ssrc != packet.ssrc:
            self.reception = rtcp.Reception(packet.ssrc)
        self.reception.packet(packet.sequence, packet.timestamp, arrival)
        if self.nack_requester is not None:
            self.nack_requester.came(packet.sequence, arrival)
        return packet, copies
