"""All peers of the engine, from `AddPeer` to `PeerLeft`. Passes each received datagram to ICE, DTLS, RTCP or a lane."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from spacesctl.audio.opus import OpusError
from spacesctl.engine.messages import AddPeer, PeerJoined, PeerLeft, RestartIce
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.peers.handshakes import Handshakes
from spacesctl.engine.peers.ice_agent import IceAgent
from spacesctl.engine.peers.peer import REST, OtherSource, Peer
from spacesctl.engine.transport.addresses import TcpAddress, TransportAddress
from spacesctl.rtc import demux
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Identity, State
from spacesctl.rtc.red import RedError
from spacesctl.rtc.rtcp import RtcpError
from spacesctl.rtc.rtp import RtpError
from spacesctl.rtc.sealing import SealingError
from spacesctl.rtc.srtp import NotAuthentic, Replayed, SrtpError
from spacesctl.rtc.stun import Credentials

REPORT_TICKS: Final = 250
"""Ticks between two RTCP reports of a peer: 5 s. Each peer has its own tick within that time."""
SWEEP_TICKS: Final = 50
"""Ticks between two searches for peers that are overdue: every second."""

RESTS: Final = 16
"""Finished handshakes whose memory is freed in one tick at most: freeing one takes 20 us."""

Reason = Literal["closed", "consent", "handshake", "ended"]
log = logging.getLogger(__name__)


class PeerRegistry:
    """The peers by name. `rooms` are the open Spaces by name; `send(datagram, address)` sends by the engine's ports and returns whether the
    datagram was taken; `tell` sends control a message; `until` returns when the next tick is due and `clock` the time, both in monotonic
    seconds."""

    def __init__(
        self,
        identity: Identity,
        rooms: dict[str, Room],
        metrics: Metrics,
        send: Callable[[bytes, TransportAddress], bool],
        tell: Callable[[PeerJoined | PeerLeft], object],
        until: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_rest: Callable[[], None] = lambda: None
        """Called when the memory of a handshake was freed."""
        self.ice_agent = IceAgent(clock)
        self.handshakes = Handshakes(self._on_handshake, until)
        self._identity = identity
        self._clock = clock
        self._rooms = rooms
        self._metrics = metrics
        self._send = send
        self._tell = tell
        self._peers: dict[str, Peer] = {}
        self._connecting: dict[str, Peer] = {}  # those in the middle of a DTLS handshake
        self._reporting: list[dict[str, Peer]] = [{} for _ in range(REPORT_TICKS)]
        self._restless: deque[tuple[float, Peer]] = deque()  # joined peers, by when to free their handshakes
        self._nack_peers: dict[str, Peer] = {}  # speakers that answer NACKs
        self._joins = 0
        self._told_at = -1.0  # when a failure was logged last
        self._handlers: dict[Kind, Callable[[bytes, TransportAddress], None]] = {
            Kind.STUN: self._on_stun,
            Kind.DTLS: self._on_dtls,
            Kind.RTP: self._on_rtp,
            Kind.RTCP: self._on_rtcp,
            Kind.OTHER: lambda _data, _source: self._metrics.drop("unknown_protocol"),
        }

    def __len__(self) -> int:
        return len(self._peers)

    # -- from control

    def add(self, added: AddPeer) -> bool:
        """Expect a peer. Returns False when its Space is not open, or its name or ufrag is in use."""
        room = self._rooms.get(added.space)
        if room is None or added.peer in self._peers or self.ice_agent.expects(added.local_ufrag):
            return False
        peer = self._peers[added.peer] = Peer(added, room.ssrc, self._identity, self._send, self._clock())
        self.ice_agent.expect(peer, peer.credentials)
        return True

    def restart(self, message: RestartIce) -> bool:
        """Give a peer new ICE credentials. Returns False when the peer is unknown or the ufrag is in use."""
        peer = self._peers.get(message.peer)
        if peer is None or self.ice_agent.expects(message.local_ufrag):
            return False
        self.ice_agent.restart(peer, Credentials(message.local_ufrag, message.local_pwd, message.remote_ufrag))
        return True

    def move(self, name: str, group: int) -> bool:
        """Send a listener another group from the next tick on. Returns False when it is unknown or not a listener."""
        peer = self._peers.get(name)
        if peer is None or peer.is_up:
            return False
        peer.group = group
        return self._subscribe(peer)

    def remove(self, name: str, reason: Reason = "closed") -> bool:
        """Remove and close a peer, and tell control the `reason`. Returns False when it is unknown."""
        peer = self._peers.pop(name, None)
        if peer is None:
            return False
        self.ice_agent.forget(peer)
        self._connecting.pop(name, None)
        self._reporting[peer.report_at].pop(name, None)
        self._nack_peers.pop(name, None)
        room = self._rooms.get(peer.space)
        if room is not None:
            room.leave(name)
            if (lane := room.lanes.get(peer.lane)) is not None:
                lane.release(name)
        peer.goodbye()
        self._tell(PeerLeft(name, reason))
        return True

    def end(self, space: str) -> None:
        """Remove all peers of a Space, with reason `ended`."""
        for name in [name for name, peer in self._peers.items() if peer.space == space]:
            self.remove(name, "ended")

    def close(self) -> None:
        """Remove all peers."""
        for name in list(self._peers):
            self.remove(name)

    # -- from the tick

    def tick(self, number: int, utc: float, now: float) -> None:
        """Do what is due at this tick: DTLS retransmissions, RTCP reports, NACKs, freeing of handshakes, and once a second the removal of
        overdue peers. `utc` (Unix seconds) and `now` (monotonic seconds) are the same moment."""
        for peer in list(self._connecting.values()):
            if peer.retransmit() is State.FAILED:
                self.remove(peer.name, "handshake")
        for peer in self._reporting[number % REPORT_TICKS].values():
            peer.report(utc, now)
        for peer in self._nack_peers.values():
            lane = self._rooms[peer.space].lanes.get(peer.lane)
            if lane is not None and lane.feeder == peer.name and (missing := lane.missing()):
                self._metrics.counters["packets_asked_again"] += peer.ask(missing, now)
        for _ in range(RESTS):
            if not self._restless or self._restless[0][0] > now:
                break
            self._restless.popleft()[1].rest()
            self.on_rest()
        if number % SWEEP_TICKS == 0:
            for peer in [peer for peer in self._peers.values() if peer.overdue(now)]:
                self.remove(peer.name, "consent" if peer.joined else "handshake")
            self.ice_agent.sweep(now)

    # -- from the ports

    def knows(self, source: TransportAddress) -> bool:
        """Whether an address belongs to a peer, by an authenticated check."""
        return self.ice_agent.at(source) is not None

    def lost(self, source: TcpAddress) -> None:
        """A TCP connection was closed. Its peer may use another path until its consent expires."""
        peer = self.ice_agent.lost(source)
        if peer is not None:
            self._subscribe(peer)

    def receive(self, data: bytes, source: TransportAddress) -> None:
        """Process a datagram that arrived from `source`. One that is not valid is dropped and counted."""
        self._metrics.counters["packets_in"] += 1
        try:
            self._handlers[demux.kind(data)](data, source)
        except Exception:  # a bug, and only this datagram is lost: others were read with it
            self._metrics.drop("failed")
            if self._clock() - self._told_at >= 1.0:
                self._told_at = self._clock()
                log.exception("a datagram could not be processed")

    def _on_stun(self, data: bytes, source: TransportAddress) -> None:
        outcome = self.ice_agent.check(data, source)
        if outcome is None:
            self._metrics.drop("stun")
            return
        if outcome.displaced is not None:
            self._subscribe(outcome.displaced)
        self._send(outcome.response, source)
        peer = outcome.peer
        if peer is None:
            return
        if peer.speaks_first:
            self.handshakes.put(peer.name, b"")  # queued, because a thousand first checks may arrive at once
        elif outcome.by_another_way:
            self._subscribe(peer)

    def _on_dtls(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None:
            self._metrics.drop("unknown_source")
            return
        self.handshakes.put(peer.name, data)

    def _on_handshake(self, name: str, data: bytes) -> None:
        peer = self._peers.get(name)
        if peer is None:
            return
        if not peer.joined:
            self._connecting[name] = peer
        state = peer.feed(data)
        if state is State.CONNECTED and not peer.joined:
            self._joined(peer)
        elif state is State.CLOSED:
            self.remove(name)
        elif state is State.FAILED:
            log.info("a DTLS handshake failed: %s", peer.dtls.why if peer.dtls else "")
            self.remove(name, "handshake")

    def _joined(self, peer: Peer) -> None:
        peer.joined = True
        self._connecting.pop(peer.name, None)
        self._joins += 1
        peer.report_at = self._joins * 7 % REPORT_TICKS
        self._reporting[peer.report_at][peer.name] = peer
        if peer.nack_requester is not None:
            self._nack_peers[peer.name] = peer
        self._restless.append((self._clock() + REST, peer))
        room = self._rooms[peer.space]
        if not self._subscribe(peer):
            return
        if peer.is_up and (lane := room.lanes.get(peer.lane)) is not None:
            lane.attach(peer.name)
        self._tell(PeerJoined(peer.name))

    def _subscribe(self, peer: Peer) -> bool:
        """Let a joined listener hear its group, if its address is known. False when its packets cannot be encrypted: it is removed then."""
        if not peer.joined or peer.subscription is None:
            return True
        room = self._rooms[peer.space]
        if peer.target is None:
            room.leave(peer.name)
            return True
        try:
            room.subscribe(peer.name, peer.group, peer.subscription)
        except SealingError:
            log.error("a listener's packets cannot be encrypted: it is removed")
            self.remove(peer.name, "handshake")
            return False
        return True

    def _on_rtp(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None or not peer.is_up or not peer.joined:
            self._metrics.drop("unknown_source" if peer is None else "unexpected")
            return
        try:
            now, before = self._clock(), peer.source.ssrc
            came = peer.unprotect(data, now)
            if came is None or not came[0].payload:
                self._metrics.drop("payload_type")
                return
            packet, copies = came
            lane = self._rooms[peer.space].lanes.get(peer.lane)
            if lane is None or not lane.admit(peer.name):
                self._metrics.drop("no_lane")
                return
            if before is not None and before != packet.ssrc:
                lane.attach(peer.name)  # another encoder, whose packets follow none of those before
            if copies:
                lane.recover(packet.sequence, packet.timestamp, copies, now)
            if not lane.push(packet.sequence, packet.timestamp, packet.payload, packet.level, now):
                self._metrics.drop("too_fast")
        except (SrtpError, RtpError, RedError, OpusError, OtherSource) as error:
            self._metrics.drop(_NAMES.get(type(error), "malformed"))

    def _on_rtcp(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None or not peer.joined:
            self._metrics.drop("unknown_source" if peer is None else "unexpected")
            return
        try:
            peer.unprotect_rtcp(data, self._clock())
            if peer.is_to_change:
                self._subscribe(peer)
        except (SrtpError, RtcpError) as error:
            self._metrics.drop(_NAMES.get(type(error), "malformed"))


_NAMES: Final[dict[type[Exception], str]] = {
    NotAuthentic: "not_authentic",
    Replayed: "replayed",
    OpusError: "not_opus",
    OtherSource: "other_source",
}
